// Address spaces by turns: what the machine remembers of one that does not run must still be right when it runs again.
#include <vector>

#include "tests/unit/hal/unicorn/guest.h"

namespace halcyon::hal {
namespace {

using namespace std::literals;

class Roots : public ::testing::TestWithParam<Isa> {
 protected:
  struct Space {
    Root root;
    uint64_t data;
    std::unique_ptr<UserContext> context;
  };

  Roots() {
    switch (guest.isa()) {
      case Isa::x86_64:
        guest.put(0, "\x48\x8b\x07\x48\x89\x36\x0f\x05\xeb\xf6"sv);  // mov (%rdi),%rax; mov %rsi,(%rsi); syscall; jmp 0
        break;
      case Isa::riscv64: guest.put(0, {0x0005'3503, 0x00b5'b023, 0x0000'0073, 0xff5f'f06f}); break;  // ld a0,(a0); sd a1,(a1); ecall; j 0
    }
    add();
    add();
  }
  // Each has the code, a page of its own at data_at which holds its number, and one at unmapped_at to write to.
  Space& add() {
    Space space{.root = guest.new_root(), .data = 0, .context = guest.new_context()};
    guest.map(space.root, code_at, guest.code, read_execute);
    space.data = guest.map(space.root, data_at, read_write);
    guest.map(space.root, unmapped_at, read_write);
    guest.store(space.data, 100 + spaces.size());
    spaces.push_back(std::move(space));
    return spaces.back();
  }
  Trap run(Space& space) {
    space.context->set(Reg::pc, code_at);
    space.context->set(Reg::arg0, data_at);
    space.context->set(Reg::arg1, unmapped_at);
    return guest.cpu().run(*space.context, space.root);
  }
  void expect(Space& space, uint64_t value) {
    ASSERT_EQ(run(space).kind, Trap::Kind::syscall);
    ASSERT_EQ(space.context->get(Reg::result), value);
  }

  Guest guest{GetParam()};
  std::vector<Space> spaces;
};

TEST_P(Roots, ManyByTurns) {
  while (spaces.size() < 20) add();
  for (int round = 0; round < 4; ++round)
    for (size_t index = 0; index < spaces.size(); ++index) {
      expect(spaces[index], 100 + index);
      expect(spaces[index / 2], 100 + index / 2);
    }
}

TEST_P(Roots, AnEntryTakenAwayWhileAnotherRuns) {
  expect(spaces[0], 100);
  expect(spaces[1], 101);
  guest.unmap(spaces[0].root, data_at);
  guest.machine->shoot_down(spaces[0].root, data_at, data_at + page_size);
  expect(spaces[1], 101);
  expect_fault(run(spaces[0]), data_at, Access::read);
  uint64_t frame = guest.map(spaces[0].root, data_at, read_write);
  guest.store(frame, uint64_t{7});
  expect(spaces[1], 101);
  expect(spaces[0], 7);
}

TEST_P(Roots, WriteProtectedWhileAnotherRuns) {
  expect(spaces[0], 100);
  expect(spaces[1], 101);
  uint64_t frame = guest.map(spaces[0].root, unmapped_at, read_only);
  guest.machine->shoot_down(spaces[0].root, unmapped_at, unmapped_at + page_size);
  expect_fault(run(spaces[0]), unmapped_at, Access::write);
  expect(spaces[1], 101);
  // Granted again, which takes no shoot-down.
  guest.map(spaces[0].root, unmapped_at, frame, read_write);
  expect(spaces[0], 100);
  EXPECT_EQ(guest.load(frame), unmapped_at);
}

TEST_P(Roots, AFrameThatBecomesAnotherRoot) {
  expect(spaces[0], 100);
  expect(spaces[1], 101);
  guest.machine->forget_root(spaces[0].root);
  std::memset(guest.memory(spaces[0].root), 0, page_size);
  guest.map(spaces[0].root, code_at, guest.code, read_execute);
  guest.store(guest.map(spaces[0].root, data_at, read_write), uint64_t{9});
  guest.map(spaces[0].root, unmapped_at, read_write);
  expect(spaces[0], 9);
  expect(spaces[1], 101);
}

// Blocks are found by address: the one of the other address space must not run.
TEST_P(Roots, CodeOfTheirOwnAtOneAddress) {
  uint64_t second = guest.map(spaces[1].root, code_at, read_execute);
  guest.machine->shoot_down(spaces[1].root, code_at, code_at + page_size);
  std::memcpy(guest.memory(second), guest.memory(guest.code), page_size);
  // The second one's does not read.
  switch (guest.isa()) {
    case Isa::x86_64: std::memcpy(guest.memory(second), "\x48\x89\xf0", 3); break;  // mov %rsi,%rax
    case Isa::riscv64: guest.store<uint32_t>(second, 0x0005'8513); break;           // mv a0,a1
  }
  guest.machine->sync_code(second);
  for (int round = 0; round < 5; ++round) {
    expect(spaces[0], 100);
    expect(spaces[1], unmapped_at);
  }
}

TEST_P(Roots, DirtyBitsClearedWhileAnotherRuns) {
  expect(spaces[0], 100);
  expect(spaces[1], 101);
  uint64_t dirty = guest.by_isa(x86_64::PageFormat::dirty, riscv64::PageFormat::dirty);
  EXPECT_EQ(guest.entry(spaces[0].root, unmapped_at) & dirty, dirty);
  guest.map(spaces[0].root, unmapped_at, read_write);
  guest.machine->shoot_down(spaces[0].root, unmapped_at, unmapped_at + page_size);
  expect(spaces[0], 100);
  EXPECT_EQ(guest.entry(spaces[0].root, unmapped_at) & dirty, dirty);
}

INSTANTIATE_TEST_SUITE_P(All, Roots, ::testing::ValuesIn(isas), [](const auto& info) { return std::string(description(info.param).name); });

}  // namespace
}  // namespace halcyon::hal
