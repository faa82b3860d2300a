// What a mapping keeps when it is split, copied by fork(2) or moved by mremap(2): all but what the manual says.
#include "tests/kernel/file/proc.h"

namespace halcyon::test {
namespace {

using VmaCopy = ProcTest;
INSTANTIATE_KERNEL_TESTS(VmaCopy);

constexpr uint32_t prot_growsdown = 0x01000000;
constexpr UserAddr top = 0x10'0000'0000;

UserAddr map_stack(Task& task, int pages) {
  UserAddr memory = top - static_cast<UserAddr>(pages) * page;
  EXPECT_EQ(task.call(Call::mmap, memory, top - memory, prot_rw, map_anon_private | map_growsdown | map_fixed, -1, 0), memory);
  return memory;
}

TEST_P(VmaCopy, BothPartsOfASplitStackGrowDown) {
  check([](Task& task) {
    UserAddr memory = map_stack(task, 8);
    EXPECT_EQ(task.call(Call::mprotect, memory + 4 * page, 4 * page, prot_read), ok);
    EXPECT_EQ(task.call(Call::mprotect, memory + 6 * page, page, prot_rw | prot_growsdown), ok);  // from memory + 4 pages on
    task.set(memory + 4 * page, 1);
    EXPECT_EQ(task.call(Call::munmap, memory, 4 * page), ok);
    task.set(memory + 3 * page, 2);
    EXPECT_EQ(task.get<int>(memory + 4 * page), 1);
  });
}

TEST_P(VmaCopy, AMovedStackStillGrowsDown) {
  check([](Task& task) {
    UserAddr memory = map_stack(task, 4), target = top - 4096 * page;
    task.set(memory, 1);
    EXPECT_EQ(task.call(Call::mremap, memory, 4 * page, 4 * page, mremap_maymove | mremap_fixed, target), target);
    EXPECT_EQ(task.get<int>(target), 1);
    task.set(target - page, 2);
  });
}

TEST_P(VmaCopy, AnInheritedStackGrowsDown) {
  check([](Task& task) {
    UserAddr memory = map_stack(task, 2);
    EXPECT_EQ(task.in_child([=](Task& child) { child.set(memory - page, 1); }), exited(0));
  });
}

// mremap(2): with MREMAP_DONTUNMAP the lock goes with the pages, as in any move; what stays behind is not locked.
TEST_P(VmaCopy, DontunmapTakesTheLockAlong) {
  check([](Task& task) {
    UserAddr memory = task.map(4 * page);
    EXPECT_EQ(task.call(Call::mlock, memory, 4 * page), ok);
    UserAddr moved = task.call(Call::mremap, memory, 4 * page, 4 * page, mremap_maymove | mremap_dontunmap, 0);
    EXPECT_EQ(task.call(Call::msync, moved, page, ms_invalidate), fails::busy);
    EXPECT_EQ(task.call(Call::msync, memory, 4 * page, ms_invalidate), ok);
  });
}

TEST_P(VmaCopy, LocksAreNotInherited) {
  check([](Task& task) {
    UserAddr memory = task.map(2 * page);
    EXPECT_EQ(task.call(Call::mlock, memory, 2 * page), ok);
    EXPECT_EQ(task.in_child([=](Task& child) { EXPECT_EQ(child.call(Call::msync, memory, page, ms_invalidate), ok); }), exited(0));
    EXPECT_EQ(task.call(Call::mlock, memory + page, page), ok);
    EXPECT_EQ(task.call(Call::munlock, memory, page), ok);  // a split keeps the lock of the other part
    EXPECT_EQ(task.call(Call::msync, memory + page, page, ms_invalidate), fails::busy);
  });
}

// A part of the stack with another protection is a line of its own in /proc/PID/maps, without the name; with the old one it is one again.
TEST_P(VmaCopy, TheStacksNameStaysWhereTheProgramBegan) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              auto lines_of_stack = [&] {
                std::istringstream maps(contents(task, "/proc/self/maps"));
                std::vector<std::string> found;
                for (std::string line; std::getline(maps, line);)
                  if (line.ends_with("[stack]")) found.push_back(line);
                return found;
              };
              std::vector<std::string> before = lines_of_stack();
              ASSERT_EQ(before.size(), 1u);
              UserAddr start = std::stoull(before[0], nullptr, 16);
              EXPECT_EQ(task.call(Call::mprotect, start, 2 * page, prot_read), ok);
              std::vector<std::string> after = lines_of_stack();
              ASSERT_EQ(after.size(), 1u);
              EXPECT_EQ(std::stoull(after[0], nullptr, 16), start + 2 * page);
              EXPECT_EQ(task.call(Call::mprotect, start, 2 * page, prot_rw), ok);
              EXPECT_EQ(lines_of_stack(), before);
            }),
            exited(0));
}

}  // namespace
}  // namespace halcyon::test
