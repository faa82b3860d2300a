// Register files: lazy, copied, switched; floating point.
#include <array>

#include "tests/unit/hal/unicorn/guest.h"

namespace halcyon::hal {
namespace {

using namespace std::literals;

class Contexts : public ::testing::TestWithParam<Isa> {
 protected:
  // A system call, then a jump back to it; and at 0x40 a loop that adds one to the first argument for ever.
  void put_code() {
    switch (guest.isa()) {
      case Isa::x86_64:
        guest.put(0x00, "\x0f\x05\xeb\xfc"sv);
        guest.put(0x40, "\x48\xff\xc7\xeb\xfb"sv);
        break;
      case Isa::riscv64:
        guest.put(0x00, {0x0000'0073, 0xffdf'f06f});
        guest.put(0x40, {0x0015'0513, 0xffdf'f06f});
        break;
    }
  }
  void SetUp() override { put_code(); }
  Trap run(UserContext& context) { return guest.cpu().run(context, guest.root); }

  Guest guest{GetParam()};
};

TEST_P(Contexts, StartZeroed) {
  auto fresh = guest.machine->new_context();
  EXPECT_EQ(fresh->get(Reg::pc), 0u);
  for (unsigned index = 0; index < guest.by_isa(16u, 32u); ++index) EXPECT_EQ(fresh->get(general(index)), 0u);
  EXPECT_EQ(fresh->get(Reg::flags), guest.by_isa(0x202u, 0u));
}

TEST_P(Contexts, KeepTheirRegistersApart) {
  auto other = guest.new_context();
  guest.set(Reg::arg1, 11);
  other->set(Reg::arg1, 22);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(run(*guest.context).kind, Trap::Kind::syscall);
    EXPECT_EQ(run(*other).kind, Trap::Kind::syscall);
    // Results go where the registers are: one context is in the engine, the other in memory.
    guest.context->finish_syscall(100 + round);
    other->finish_syscall(200 + round);
    EXPECT_EQ(guest.get(Reg::result), 100u + round);
    EXPECT_EQ(other->get(Reg::result), 200u + round);
    EXPECT_EQ(guest.get(Reg::arg1), 11u);
    EXPECT_EQ(other->get(Reg::arg1), 22u);
  }
}

TEST_P(Contexts, CopyTakesOverALiveParent) {
  guest.set(Reg::arg2, 33);
  run(*guest.context);
  auto child = guest.machine->new_context();
  child->copy_from(*guest.context);
  guest.set(Reg::arg2, 44);
  EXPECT_EQ(child->get(Reg::arg2), 33u);
  EXPECT_EQ(child->get(Reg::pc), guest.get(Reg::pc));
  child->finish_syscall(0);
  guest.context->finish_syscall(1);
  EXPECT_EQ(run(*child).kind, Trap::Kind::syscall);
  EXPECT_EQ(child->get(Reg::arg2), 33u);
  EXPECT_EQ(guest.get(Reg::arg2), 44u);
}

TEST_P(Contexts, CopyAfterAFault) {
  guest.set(Reg::pc, unmapped_at);
  guest.set(Reg::arg2, 5);
  expect_fault(run(*guest.context), unmapped_at, Access::execute);
  auto child = guest.machine->new_context();
  child->copy_from(*guest.context);
  expect_fault(run(*child), unmapped_at, Access::execute);
  expect_fault(run(*guest.context), unmapped_at, Access::execute);
  EXPECT_EQ(child->get(Reg::arg2), 5u);
}

TEST_P(Contexts, ResetOfALiveContext) {
  run(*guest.context);
  guest.set(Reg::arg3, 9);
  guest.context->reset();
  EXPECT_EQ(guest.get(Reg::arg3), 0u);
  EXPECT_EQ(guest.get(Reg::pc), 0u);
  guest.set(Reg::pc, code_at);
  EXPECT_EQ(run(*guest.context).kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.get(Reg::arg3), 0u);
}

TEST_P(Contexts, DestroyedWhileLive) {
  auto other = guest.new_context();
  run(*other);
  other.reset();
  EXPECT_EQ(run(*guest.context).kind, Trap::Kind::syscall);
}

TEST_P(Contexts, AddressSpacesApart) {
  Root second = guest.new_root();
  uint64_t frame = guest.map(second, code_at, read_execute);
  std::memcpy(guest.memory(frame), guest.memory(guest.code), page_size);
  uint64_t data = guest.map(second, data_at, read_write);
  auto other = guest.new_context();
  // Load from the data page, then a system call.
  Reg pointer = guest.by_isa(Reg::arg0, Reg::arg1);
  std::string_view x86 = "\x48\x8b\x07\x0f\x05"sv;
  for (uint64_t code : {guest.code, frame}) {
    switch (guest.isa()) {
      case Isa::x86_64: std::memcpy(guest.memory(code + 0x80), x86.data(), x86.size()); break;
      case Isa::riscv64: guest.store<uint64_t>(code + 0x80, 0x0000'0073'0005'b503); break;
    }
  }
  guest.store<uint64_t>(guest.data, 1);
  guest.store<uint64_t>(data, 2);
  for (int round = 0; round < 4; ++round) {
    for (UserContext* context : {guest.context.get(), other.get()}) {
      context->set(Reg::pc, code_at + 0x80);
      context->set(pointer, data_at);
      EXPECT_EQ(guest.cpu().run(*context, context == other.get() ? second : guest.root).kind, Trap::Kind::syscall);
      EXPECT_EQ(context->get(Reg::result), context == other.get() ? 2u : 1u);
    }
  }
}

TEST_P(Contexts, FloatingPointStaysWithItsContext) {
  auto other = guest.new_context();
  std::array<std::byte, 512> first{}, second{}, read{};
  size_t size = guest.context->floating_point_size();
  ASSERT_EQ(size, guest.by_isa(512u, 264u));
  guest.context->save_floating_point({first.data(), size});
  second = first;
  // A register's worth in the middle of the vector or f registers.
  size_t at = guest.by_isa(size_t{160 + 3 * 16}, size_t{3 * 8});
  first[at] = std::byte{0x11};
  second[at] = std::byte{0x22};
  EXPECT_TRUE(guest.context->load_floating_point({first.data(), size}));
  EXPECT_TRUE(other->load_floating_point({second.data(), size}));
  for (int round = 0; round < 3; ++round) {
    run(*guest.context);
    run(*other);
    guest.context->save_floating_point({read.data(), size});
    EXPECT_EQ(std::memcmp(read.data(), first.data(), size), 0);
    other->save_floating_point({read.data(), size});
    EXPECT_EQ(std::memcmp(read.data(), second.data(), size), 0);
  }
}

TEST_P(Contexts, FloatingPointImageRejectsReservedBits) {
  std::array<std::byte, 512> image{};
  size_t size = guest.context->floating_point_size();
  guest.context->save_floating_point({image.data(), size});
  image[guest.by_isa(24u, 256u) + 3] = std::byte{0x80};  // MXCSR; fcsr
  EXPECT_FALSE(guest.context->load_floating_point({image.data(), size}));
}

INSTANTIATE_TEST_SUITE_P(Isas, Contexts, ::testing::ValuesIn(isas),
                         [](const auto& info) { return std::string(description(info.param).name); });

TEST(X86FloatingPoint, StartsAsLinuxDoes) {
  Guest guest(Isa::x86_64);
  std::array<std::byte, 512> image{};
  guest.context->save_floating_point(image);
  uint16_t control;
  uint32_t mxcsr;
  std::memcpy(&control, &image[0], sizeof control);
  std::memcpy(&mxcsr, &image[24], sizeof mxcsr);
  EXPECT_EQ(control, 0x37f);
  EXPECT_EQ(mxcsr, 0x1f80u);
  EXPECT_EQ(image[4], std::byte{0});  // no x87 register in use
}

TEST(X86FloatingPoint, ImageHoldsWhatTheProgramComputed) {
  Guest guest(Isa::x86_64);
  // fld1; fld1; faddp; fldpi; movq %rdi,%xmm5; syscall; fxsave (%rsi); fistpl 600(%rsi); fistpl 608(%rsi); syscall
  guest.put(0,
            "\xd9\xe8\xd9\xe8\xde\xc1\xd9\xeb\x66\x48\x0f\x6e\xef\x0f\x05\x0f\xae\x06\xdb\x9e\x58\x02\0\0\xdb\x9e\x60\x02\0\0\x0f\x05"sv);
  guest.set(Reg::arg0, 0x1122'3344'5566'7788);
  guest.set(Reg::arg1, data_at);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  std::array<std::byte, 512> image{};
  guest.context->save_floating_point(image);
  // Through another context and back.
  auto other = guest.new_context();
  other->copy_from(*guest.context);
  guest.context->reset();
  other->load_floating_point(image);
  EXPECT_EQ(guest.cpu().run(*other, guest.root).kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.load<uint32_t>(guest.data + 600), 3u);
  EXPECT_EQ(guest.load<uint32_t>(guest.data + 608), 2u);
  std::array<std::byte, 512> theirs{};
  std::memcpy(theirs.data(), guest.memory(guest.data), 512);
  EXPECT_EQ(theirs[4], image[4]);                                      // tags
  EXPECT_EQ(std::memcmp(&theirs[2], &image[2], 2), 0);                 // status, with the top of stack
  EXPECT_EQ(std::memcmp(&theirs[32], &image[32], 10), 0);              // ST0: pi
  EXPECT_EQ(std::memcmp(&theirs[48], &image[48], 10), 0);              // ST1: 2
  EXPECT_EQ(std::memcmp(&theirs[160 + 80], &image[160 + 80], 16), 0);  // XMM5
  EXPECT_EQ(std::memcmp(&image[160 + 80], "\x88\x77\x66\x55\x44\x33\x22\x11", 8), 0);
}

// Unicorn keeps them outside of its register files.
TEST(RiscvFloatingPoint, FlagsBelongToTheContext) {
  Guest guest(Isa::riscv64);
  guest.put(0, {0x0010'2573, 0x0000'0073, 0x0012'9073, 0x0000'0073});  // csrr a0,fflags; ecall; csrw fflags,t0; ecall
  auto other = guest.new_context();
  auto flags_of = [&](UserContext& context) {
    context.set(Reg::pc, code_at);
    EXPECT_EQ(guest.cpu().run(context, guest.root).kind, Trap::Kind::syscall);
    return context.get(Reg::result);
  };
  guest.set(general(5), 8);
  guest.run_at(8);
  EXPECT_EQ(flags_of(*other), 0u);
  EXPECT_EQ(flags_of(*guest.context), 8u);
  other->copy_from(*guest.context);
  guest.set(general(5), 0);
  guest.run_at(8);
  EXPECT_EQ(flags_of(*other), 8u);
  EXPECT_EQ(flags_of(*guest.context), 0u);
}

TEST(RiscvFloatingPoint, Computes) {
  Guest guest(Isa::riscv64);
  guest.put(0, {0xd205'0553 /* fcvt.d.w fa0,a0 */, 0x02a5'7553 /* fadd.d fa0,fa0,fa0 */, 0x0000'0073});
  guest.set(Reg::arg0, 21);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  std::array<std::byte, 264> image{};
  guest.context->save_floating_point(image);
  double sum;
  std::memcpy(&sum, &image[10 * 8], sizeof sum);
  EXPECT_EQ(sum, 42.0);
}

}  // namespace
}  // namespace halcyon::hal
