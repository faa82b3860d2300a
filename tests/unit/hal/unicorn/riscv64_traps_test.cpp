// Traps of riscv64 user code, instruction by instruction.
#include "tests/unit/hal/unicorn/guest.h"

namespace halcyon::hal {
namespace {

constexpr uint32_t ecall = 0x0000'0073, ebreak = 0x0010'0073, load = 0x0005'b503 /* ld a0,0(a1) */, store = 0x00a5'b023 /* sd a0,0(a1) */,
                   jump = 0x0005'8067 /* jr a1 */, add_one = 0x0015'0513 /* addi a0,a0,1 */;

class RiscvTraps : public ::testing::Test {
 protected:
  Guest guest{Isa::riscv64};
};

TEST_F(RiscvTraps, EcallShowsNumberAndArguments) {
  guest.put(0, {ecall, ecall});
  guest.set(Reg::number, 172);
  for (unsigned index = 0; index < 6; ++index) guest.set(argument(index), 100 + index);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.pc(), 4u);
  EXPECT_EQ(guest.get(Reg::number), 172u);
  EXPECT_EQ(guest.get(general(10)), 100u);
  EXPECT_EQ(guest.get(general(0)), 0u);
  guest.context->finish_syscall(7);
  EXPECT_EQ(guest.get(Reg::result), 7u);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.pc(), 8u);
  guest.context->rewind_trap();
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.pc(), 8u);
}

TEST_F(RiscvTraps, PageFaultMatrix) {
  guest.put(0x00, {load});
  guest.put(0x10, {store});
  guest.put(0x20, {jump});
  guest.map(guest.root, unmapped_at + page_size, read_only);
  struct {
    uint64_t offset;
    uint64_t address;
    Access access;
  } cases[] = {
      {0x00, unmapped_at + 3, Access::read},
      {0x10, unmapped_at + 3, Access::write},
      {0x20, unmapped_at + 4, Access::execute},
      {0x10, unmapped_at + page_size + 8, Access::write},
      {0x10, code_at + 8, Access::write},
      {0x20, data_at, Access::execute},
      {0x20, 0, Access::execute},
      {0x00, 0x3f'ffff'f000, Access::read},
      {0x00, uint64_t{1} << 63, Access::read},
  };
  for (const auto& each : cases) {
    guest.set(Reg::arg1, each.address);
    Trap trap = guest.run_at(each.offset);
    expect_fault(trap, each.address, each.access);
    EXPECT_EQ(guest.get(Reg::pc), each.access == Access::execute ? each.address : code_at + each.offset);
  }
}

TEST_F(RiscvTraps, FaultRestartsAfterTheFix) {
  guest.put(0, {store, ecall});
  guest.set(Reg::arg1, unmapped_at + 8);
  guest.set(Reg::arg0, 0x1234);
  expect_fault(guest.run(), unmapped_at + 8, Access::write);
  uint64_t frame = guest.map(guest.root, unmapped_at, read_write);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.load(frame + 8), 0x1234u);
}

// Unicorn reports the address plus 4 for compressed instructions too.
TEST_F(RiscvTraps, CompressedInstructionFaultsAtItself) {
  guest.put(0x100, {0x9002'6188, ecall});  // c.ld a0,0(a1); c.ebreak
  guest.set(Reg::arg1, unmapped_at);
  expect_fault(guest.run_at(0x100), unmapped_at, Access::read);
  EXPECT_EQ(guest.pc(), 0x100u);
  guest.map(guest.root, unmapped_at, read_write);
  expect_exception(guest.run(), Exception::breakpoint);
  EXPECT_EQ(guest.pc(), 0x102u);
}

TEST_F(RiscvTraps, FetchAcrossAMissingPage) {
  uint64_t frame = guest.map(guest.root, unmapped_at, read_execute);
  guest.store<uint16_t>(frame + page_size - 2, load & 0xffff);
  guest.set(Reg::pc, unmapped_at + page_size - 2);
  expect_fault(guest.run(), unmapped_at + page_size, Access::execute);
  EXPECT_EQ(guest.get(Reg::pc), unmapped_at + page_size - 2);
  uint64_t second = guest.map(guest.root, unmapped_at + page_size, read_execute);
  guest.store<uint16_t>(second, load >> 16);
  guest.store(second + 2, ecall);
  guest.set(Reg::arg1, data_at);
  guest.store<uint64_t>(guest.data, 99);
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.get(Reg::arg0), 99u);
}

TEST_F(RiscvTraps, Exceptions) {
  guest.put(0x00, {0});
  guest.put(0x10, {0x1800'2573});  // csrr a0,satp
  guest.put(0x20, {ebreak});
  guest.put(0x30, {0x1200'0073});  // sfence.vma
  guest.put(0x40, {0xffff'ffff});
  for (uint64_t offset : {0x00, 0x10, 0x30, 0x40}) {
    expect_exception(guest.run_at(offset), Exception::illegal_instruction);
    EXPECT_EQ(guest.pc(), offset);
  }
  expect_exception(guest.run_at(0x20), Exception::breakpoint);
  EXPECT_EQ(guest.pc(), 0x20u);
}

TEST_F(RiscvTraps, AtomicsAndMisalignedAccess) {
  guest.put(0x00, {0x00c5'b52f, ecall});  // amoadd.d a0,a2,(a1)
  guest.put(0x10, {0x0035'b503, ecall});  // ld a0,3(a1)
  guest.set(Reg::arg1, data_at);
  guest.set(Reg::arg2, 5);
  guest.store<uint64_t>(guest.data, 37);
  EXPECT_EQ(guest.run_at(0x00).kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.get(Reg::arg0), 37u);
  EXPECT_EQ(guest.load(guest.data), 42u);
  EXPECT_EQ(guest.run_at(0x10).kind, Trap::Kind::syscall);
  guest.set(Reg::arg1, data_at + 1);
  Trap trap = guest.run_at(0x00);
  expect_exception(trap, Exception::misaligned);
  EXPECT_EQ(trap.address, data_at + 1);
}

TEST_F(RiscvTraps, TimeIsEmulated) {
  guest.put(0, {0xc010'2573, 0xc010'25f3, ecall});  // rdtime a0; rdtime a1
  EXPECT_EQ(guest.run().kind, Trap::Kind::syscall);
  EXPECT_EQ(guest.pc(), 12u);
  uint64_t first = guest.get(Reg::arg0);
  EXPECT_NE(first, 0u);
  EXPECT_LE(first, guest.get(Reg::arg1));
  EXPECT_LE(guest.get(Reg::arg1), static_cast<uint64_t>(guest.machine->monotonic_time() / 100));
}

TEST_F(RiscvTraps, ThreadPointer) {
  guest.put(0, {0x0000'0513 | 4 << 15, ecall});  // mv a0,tp
  guest.set(Reg::tls, 0x1'2345'6780);
  guest.run();
  EXPECT_EQ(guest.get(Reg::arg0), 0x1'2345'6780u);
  EXPECT_EQ(guest.get(Reg::flags), 0u);
  EXPECT_EQ(guest.get(Reg::gs_base), 0u);
}

TEST_F(RiscvTraps, AddOneIsFast) {
  guest.put(0, {add_one, ecall});
  guest.set(Reg::arg0, 41);
  guest.run();
  EXPECT_EQ(guest.get(Reg::arg0), 42u);
}

}  // namespace
}  // namespace halcyon::hal
