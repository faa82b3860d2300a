// Traps of x86_64 user code, instruction by instruction.
#include "tests/unit/hal/unicorn/guest.h"

namespace halcyon::hal {
namespace {

using namespace std::literals;

class X86Traps : public ::testing::Test {
 protected:
  Guest guest{Isa::x86_64};
};

TEST_F(X86Traps, SyscallShowsNumberAndArguments) {
  guest.put(0, "\x0f\x05\x0f\x05"sv);
  guest.set(Reg::number, 39);
  for (unsigned index = 0; index < 6; ++index) guest.set(argument(index), 100 + index);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.pc(), 2u);
  EXPECT_EQ(guest.get(Reg::number), 39u);
  EXPECT_EQ(guest.get(general(7)), 100u);   // rdi
  EXPECT_EQ(guest.get(general(10)), 103u);  // r10
  for (unsigned index = 0; index < 6; ++index) EXPECT_EQ(guest.get(argument(index)), 100 + index);
  guest.context->finish_syscall(7);
  EXPECT_EQ(guest.get(Reg::result), 7u);
  EXPECT_EQ(guest.get(general(1)), code_at + 2);             // rcx
  EXPECT_EQ(guest.get(general(11)), guest.get(Reg::flags));  // r11
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.pc(), 4u);
}

TEST_F(X86Traps, RewindExecutesTheCallAgain) {
  guest.put(0, "\x0f\x05\x0f\x0b"sv);
  guest.run();
  guest.context->rewind_trap();
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.pc(), 2u);
}

TEST_F(X86Traps, PageFaultMatrix) {
  guest.put(0x00, "\x48\x8b\x07"sv);  // mov (%rdi),%rax
  guest.put(0x10, "\x48\x89\x07"sv);  // mov %rax,(%rdi)
  guest.put(0x20, "\xff\xe7"sv);      // jmp *%rdi
  guest.map(guest.root, unmapped_at + page_size, read_only);
  uint64_t supervisor = unmapped_at + 2 * page_size;
  guest.map(guest.root, supervisor, read_write);
  struct {
    uint64_t offset;
    uint64_t address;
    Access access;
  } cases[] = {
      {0x00, unmapped_at + 3, Access::read},
      {0x10, unmapped_at + 3, Access::write},
      {0x20, unmapped_at + 3, Access::execute},
      {0x10, unmapped_at + page_size + 8, Access::write},
      {0x10, code_at + 8, Access::write},
      {0x20, data_at, Access::execute},
      {0x20, 0, Access::execute},
      {0x00, 0x7fff'ffff'f000, Access::read},
      {0x00, 0xffff'8000'0000'0000, Access::read},
  };
  for (const auto& each : cases) {
    guest.set(Reg::arg0, each.address);
    Trap trap = guest.run_at(each.offset);
    expect_fault(trap, each.address, each.access);
    if (each.access != Access::execute) EXPECT_EQ(guest.pc(), each.offset);
  }
}

TEST_F(X86Traps, FaultRestartsAfterTheFix) {
  guest.put(0, "\x48\x89\x07\x0f\x05"sv);
  guest.set(Reg::arg0, unmapped_at + 8);
  guest.set(Reg::number, 0x1234);
  expect_fault(guest.run(), unmapped_at + 8, Access::write);
  uint64_t frame = guest.map(guest.root, unmapped_at, read_write);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.load(frame + 8), 0x1234u);
}

TEST_F(X86Traps, ManyFaultsInARow) {
  guest.put(0, "\x48\x89\x07\x0f\x05"sv);
  for (int round = 0; round < 20; ++round) {
    guest.set(Reg::arg0, unmapped_at + 8 * round);
    expect_fault(guest.run_at(0), unmapped_at + 8 * round, Access::write);
  }
  // A store over two pages of which the second is missing leaves the first alone.
  uint64_t frame = guest.map(guest.root, unmapped_at, read_write);
  guest.set(Reg::arg0, unmapped_at + page_size - 4);
  guest.set(Reg::number, ~uint64_t{0});
  expect_fault(guest.run_at(0), unmapped_at + page_size, Access::write);
  EXPECT_EQ(guest.load<uint32_t>(frame + page_size - 4), 0u);
}

TEST_F(X86Traps, Exceptions) {
  guest.put(0x00, "\x0f\x0b"sv);                                // ud2
  guest.put(0x10, "\x31\xc9\x31\xd2\xf7\xf9"sv);                // xor %ecx,%ecx; xor %edx,%edx; idiv %ecx
  guest.put(0x20, "\x0f\x20\xd8"sv);                            // mov %cr3,%rax
  guest.put(0x30, "\xcc\x90"sv);                                // int3
  guest.put(0x40, "\xf4"sv);                                    // hlt
  guest.put(0x50, "\x48\xb8\0\0\0\0\0\0\0\x80\x48\x8b\x18"sv);  // load from a non-canonical address
  guest.put(0x60, "\xc5\xfd\xfe\xc8"sv);                        // vpaddd: no AVX here
  for (int round = 0; round < 2; ++round) {
    expect_exception(guest.run_at(0x00), Exception::illegal_operand);
    EXPECT_EQ(guest.pc(), 0x00u);
    expect_exception(guest.run_at(0x10), Exception::divide);
    EXPECT_EQ(guest.pc(), 0x14u);
    expect_exception(guest.run_at(0x20), Exception::protection);
    expect_exception(guest.run_at(0x30), Exception::int3);
    EXPECT_EQ(guest.pc(), 0x31u);
    expect_exception(guest.run_at(0x40), Exception::protection);
    EXPECT_EQ(guest.pc(), 0x40u);
    expect_exception(guest.run_at(0x50), Exception::protection);
    expect_exception(guest.run_at(0x60), Exception::illegal_operand);
  }
}

TEST_F(X86Traps, SoftwareInterruptsAreProtectionFaults) {
  guest.put(0x00, "\xcd\x0e"sv);  // int $14 is not a page fault
  guest.put(0x10, "\xcd\x80"sv);
  guest.put(0x20, "\xcd\x03"sv);  // but int $3 is a breakpoint
  guest.put(0x30, "\xcd\x06"sv);
  expect_exception(guest.run_at(0x00), Exception::protection);
  EXPECT_EQ(guest.pc(), 0x00u);
  expect_exception(guest.run_at(0x10), Exception::protection);
  EXPECT_EQ(guest.pc(), 0x10u);
  expect_exception(guest.run_at(0x20), Exception::int3);
  EXPECT_EQ(guest.pc(), 0x22u);
  expect_exception(guest.run_at(0x30), Exception::protection);
}

TEST_F(X86Traps, SingleStep) {
  guest.put(0, "\x9c\x81\x0c\x24\0\x01\0\0\x9d\x90\x90\x0f\x05"sv);  // pushf; orl $0x100,(%rsp); popf; nop; nop; syscall
  expect_exception(guest.run(), Exception::single_step);
  EXPECT_EQ(guest.pc(), 10u);
  guest.set(Reg::flags, guest.get(Reg::flags) & ~uint64_t{0x100});
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
}

TEST_F(X86Traps, FlagsKeepWhatUserCodeMayNotChange) {
  guest.set(Reg::flags, ~uint64_t{0});
  EXPECT_EQ(guest.get(Reg::flags) & 0x3000, 0u);  // IOPL
  EXPECT_EQ(guest.get(Reg::flags) & 0x202, 0x202u);
  EXPECT_NE(guest.get(Reg::flags) & 1, 0u);
  guest.set(Reg::flags, 0);
  EXPECT_EQ(guest.get(Reg::flags) & 1, 0u);
  EXPECT_EQ(guest.get(Reg::flags) & 0x202, 0x202u);
}

TEST_F(X86Traps, SegmentBases) {
  guest.put(0, "\x64\x48\x8b\x04\x25\0\0\0\0\x65\x48\x8b\x1c\x25\x08\0\0\0\x0f\x05"sv);  // mov %fs:0,%rax; mov %gs:8,%rbx
  guest.store<uint64_t>(guest.data, 0x5566);
  guest.store<uint64_t>(guest.data + 8, 0x7788);
  guest.set(Reg::tls, data_at);
  guest.set(Reg::gs_base, data_at);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.get(general(0)), 0x5566u);
  EXPECT_EQ(guest.get(general(3)), 0x7788u);
  EXPECT_EQ(guest.get(Reg::tls), data_at);
}

TEST_F(X86Traps, AccessedAndDirtyBits) {
  guest.put(0, "\x48\x8b\x07\x48\x89\x07\x0f\x05"sv);
  guest.set(Reg::arg0, data_at);
  guest.run();
  EXPECT_EQ(guest.entry(guest.root, data_at) & 0x60, 0x60u);
  EXPECT_EQ(guest.entry(guest.root, code_at) & 0x60, 0x20u);
}

}  // namespace
}  // namespace halcyon::hal
