// Code that changes: what the CPU fetches is what memory holds, whoever wrote it and by which mapping.
#include "tests/unit/hal/unicorn/guest.h"

namespace halcyon::hal {
namespace {

using namespace std::literals;

constexpr uint64_t run_at = 0x70'0000, write_at = 0x71'0000;

// A page of code that is executed at run_at and written at write_at, and a program that stores to it, calls it and makes a system call.
class Code : public ::testing::TestWithParam<Isa> {
 protected:
  Code() : guest(GetParam()), frame(guest.new_frame()) {
    guest.map(guest.root, run_at, frame, read_execute);
    guest.map(guest.root, write_at, frame, read_write);
    switch (guest.isa()) {
      case Isa::x86_64:
        guest.put(0, "\x48\x89\x3e\xff\xd2\x0f\x05\xeb\xf7"sv);  // mov %rdi,(%rsi); call *%rdx; syscall; jmp 0
        break;
      case Isa::riscv64:
        guest.put(0, {0x00a5'b023, 0x0000'100f, 0x0006'00e7, 0x0000'0073, 0xff1f'f06f});  // sd a0,(a1); fence.i; jalr a2; ecall; j 0
        break;
    }
  }

  // A function that returns `value`, less than 2,048.
  uint64_t function(uint64_t value) {
    return guest.by_isa(0x90'c3'00'00'00'00'b8 | value << 8, value << 20 | 0x513 | uint64_t{0x8067} << 32);
  }
  uint64_t result_of_store(uint64_t to, uint64_t value, uint64_t at) {
    guest.set(Reg::arg0, function(value));
    guest.set(Reg::arg1, to);
    guest.set(Reg::arg2, at);
    EXPECT_EQ(guest.run_at(0).kind, Trap::Kind::syscall);
    return guest.get(Reg::result);
  }

  Guest guest;
  uint64_t frame;
};

TEST_P(Code, StoreByAnotherMappingIsSeen) {
  for (uint64_t value = 1; value < 100; ++value) ASSERT_EQ(result_of_store(write_at, value, run_at), value);
}

TEST_P(Code, StoreByTheSameMappingIsSeen) {
  guest.map(guest.root, run_at, frame, everything);
  guest.machine->shoot_down(guest.root, run_at, run_at + page_size);
  for (uint64_t value = 1; value < 100; ++value) ASSERT_EQ(result_of_store(run_at, value, run_at), value);
}

TEST_P(Code, StoresByAllMappingsByTurnsAreSeen) {
  uint64_t second = write_at + page_size, third = run_at + page_size;
  guest.map(guest.root, second, frame, read_write);
  guest.map(guest.root, third, frame, everything);
  for (uint64_t value = 1; value < 100; ++value) {
    ASSERT_EQ(result_of_store(value % 3 == 0 ? third : value % 3 == 1 ? write_at : second, value, value % 2 ? run_at : third), value);
  }
}

// Unicorn looks for code in the 64 bytes that a store begins in, once a page was written often.
TEST_P(Code, StoreAcrossALineIsSeen) {
  uint64_t line = guest.by_isa(61u, 60u);
  for (uint64_t value = 1; value < 100; ++value) ASSERT_EQ(result_of_store(write_at + line, value, run_at + line), value);
}

TEST_P(Code, StoreByAnotherAddressSpaceIsSeen) {
  Root other = guest.new_root();
  guest.map(other, code_at, guest.code, read_execute);
  guest.map(other, write_at, frame, read_write);
  guest.map(other, run_at, guest.data, read_execute);
  guest.map(other, stack_at, read_write);
  guest.store(guest.data, function(7));
  auto writer = guest.new_context();
  for (uint64_t value = 1; value < 50; ++value) {
    ASSERT_EQ(result_of_store(write_at, value, run_at), value);
    writer->set(Reg::pc, code_at);
    writer->set(Reg::arg0, function(value + 1'000));
    writer->set(Reg::arg1, write_at + 16);
    writer->set(Reg::arg2, run_at);
    ASSERT_EQ(guest.cpu().run(*writer, other).kind, Trap::Kind::syscall);
    ASSERT_EQ(writer->get(Reg::result), 7u);
    ASSERT_EQ(result_of_store(write_at + 64, value, run_at + 16), value + 1'000);
  }
}

TEST_P(Code, StoreByTheKernelIsSeen) {
  for (uint64_t value = 1; value < 50; ++value) {
    guest.store(frame + 128, function(value + 1'000));
    guest.machine->sync_code(frame);
    ASSERT_EQ(result_of_store(write_at, value, run_at + 128), value + 1'000);
    ASSERT_EQ(result_of_store(write_at, value, run_at), value);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Code, ::testing::ValuesIn(isas), [](const auto& info) { return std::string(description(info.param).name); });

}  // namespace
}  // namespace halcyon::hal
