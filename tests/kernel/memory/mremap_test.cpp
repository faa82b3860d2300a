// mremap(2) and brk(2).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Mremap);

// Pages that say which they are.
UserAddr marked(Task& task, int pages) {
  UserAddr memory = task.map(static_cast<size_t>(pages) * page);
  for (int index = 0; index < pages; ++index) task.set(memory + index * page, index + 1);
  return memory;
}

void expect_marks(Task& task, UserAddr memory, int pages) {
  for (int index = 0; index < pages; ++index) EXPECT_EQ(task.get<int>(memory + index * page), index + 1) << index;
}

bool is_mapped(Task& task, UserAddr address) {
  return task.fault_of([address](Task& child) { child.get<char>(address); }).number == 0;
}

Outcome remap(Task& task, UserAddr old, size_t old_size, size_t new_size, uint32_t flags = 0, UserAddr target = 0) {
  return task.call(Call::mremap, old, old_size, new_size, flags, target);
}

TEST_P(Mremap, ShrinkingUnmapsTheTail) {
  check([](Task& task) {
    UserAddr memory = marked(task, 4);
    EXPECT_EQ(remap(task, memory, 4 * page, 2 * page), memory);
    expect_marks(task, memory, 2);
    EXPECT_FALSE(is_mapped(task, memory + 2 * page));
  });
}

TEST_P(Mremap, GrowsInPlaceIfThereIsRoom) {
  check([](Task& task) {
    UserAddr memory = marked(task, 4);
    EXPECT_EQ(task.call(Call::munmap, memory + 2 * page, 2 * page), ok);
    EXPECT_EQ(remap(task, memory, 2 * page, 4 * page), memory);
    expect_marks(task, memory, 2);
    EXPECT_EQ(task.get<int>(memory + 2 * page), 0);
    task.set(memory + 3 * page, 9);
  });
}

TEST_P(Mremap, MovesOnlyIfAllowed) {
  check([](Task& task) {
    UserAddr memory = marked(task, 3);
    EXPECT_EQ(task.call(Call::mprotect, memory + 2 * page, page, prot_read), ok);  // somebody is behind
    EXPECT_EQ(remap(task, memory, 2 * page, 8 * page), fails::nomem);
    UserAddr moved = remap(task, memory, 2 * page, 8 * page, mremap_maymove);
    EXPECT_NE(moved, memory);
    expect_marks(task, moved, 2);
    for (int index = 2; index < 8; ++index) EXPECT_EQ(task.get<int>(moved + index * page), 0);
    EXPECT_FALSE(is_mapped(task, memory));
    EXPECT_EQ(task.get<int>(memory + 2 * page), 3);
  });
}

TEST_P(Mremap, FixedMovesThereAndReplaces) {
  check([](Task& task) {
    UserAddr memory = marked(task, 2);
    UserAddr target = task.map(4 * page);
    task.set(target, 77), task.set(target + 3 * page, 78);
    EXPECT_EQ(remap(task, memory, 2 * page, 3 * page, mremap_maymove | mremap_fixed, target), target);
    expect_marks(task, target, 2);
    EXPECT_EQ(task.get<int>(target + 2 * page), 0);
    EXPECT_EQ(task.get<int>(target + 3 * page), 78);
    EXPECT_FALSE(is_mapped(task, memory));
  });
}

TEST_P(Mremap, RejectsWhatTheManualSays) {
  check([](Task& task) {
    UserAddr memory = marked(task, 4);
    UserAddr target = task.map(4 * page);
    EXPECT_EQ(remap(task, memory + 1, page, 2 * page), fails::inval);
    EXPECT_EQ(remap(task, memory, page, 0), fails::inval);
    EXPECT_EQ(remap(task, memory, page, page, 8), fails::inval);
    EXPECT_EQ(remap(task, memory, page, page, mremap_fixed, target), fails::inval);  // without MAYMOVE
    EXPECT_EQ(remap(task, memory, page, page, mremap_maymove | mremap_fixed, target + 1), fails::inval);
    EXPECT_EQ(remap(task, memory, 4 * page, 4 * page, mremap_maymove | mremap_fixed, memory + page), fails::inval);  // overlap
    EXPECT_EQ(remap(task, memory, 0, page, mremap_maymove), fails::inval);                                           // private
    EXPECT_EQ(remap(task, 0x20'0000'0000, page, 2 * page, mremap_maymove), fails::fault);
    EXPECT_EQ(task.call(Call::munmap, memory + page, page), ok);
    EXPECT_EQ(remap(task, memory, 2 * page, 3 * page, mremap_maymove), fails::fault);  // spans a hole
    EXPECT_EQ(remap(task, memory, page, 2 * page, mremap_dontunmap), fails::inval);    // without MAYMOVE
    EXPECT_EQ(remap(task, memory, page, 2 * page, mremap_maymove | mremap_dontunmap), fails::inval);
  });
}

TEST_P(Mremap, OldSizeZeroDuplicatesSharedMemory) {
  check([](Task& task) {
    UserAddr memory = task.call(Call::mmap, 0, 2 * page, prot_rw, map_shared | map_anonymous, -1, 0);
    UserAddr other = remap(task, memory, 0, 2 * page, mremap_maymove);
    EXPECT_NE(other, memory);
    task.set(memory, 5);
    EXPECT_EQ(task.get<int>(other), 5);
    task.set(other + page, 6);
    EXPECT_EQ(task.get<int>(memory + page), 6);
  });
}

TEST_P(Mremap, DontunmapLeavesAnEmptyMapping) {
  check([](Task& task) {
    UserAddr memory = marked(task, 2);
    UserAddr moved = remap(task, memory, 2 * page, 2 * page, mremap_maymove | mremap_dontunmap);
    EXPECT_NE(moved, memory);
    expect_marks(task, moved, 2);
    EXPECT_EQ(task.get<int>(memory), 0);
    task.set(memory, 9);
    EXPECT_EQ(task.get<int>(moved), 1);
  });
}

TEST_P(Mremap, AMovedFileMappingStillShowsItsFile) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", std::string(page, 'a') + std::string(page, 'b') + std::string(page, 'c'));
    UserAddr memory = task.call(Call::mmap, 0, 2 * page, prot_rw, map_shared, fd, page);
    UserAddr target = task.map(8 * page) + 2 * page;
    EXPECT_EQ(remap(task, memory, 2 * page, 2 * page, mremap_maymove | mremap_fixed, target), target);
    EXPECT_EQ(task.get<char>(target), 'b');
    EXPECT_EQ(task.get<char>(target + page), 'c');  // not touched before
    task.set(target, 'B');
    EXPECT_EQ(task.call(Call::lseek, fd, page, seek_set), page);
    EXPECT_EQ(task.read(fd, 2), "Bb");
  });
}

TEST_P(Mremap, KeepsCopyOnWritePages) {
  check([](Task& task) {
    UserAddr memory = marked(task, 2);
    auto pipe = task.pipe();
    int child = task.fork([=](Task& other) {
      other.read(pipe.in, 1);
      expect_marks(other, memory, 2);
    });
    UserAddr moved = remap(task, memory, 2 * page, 32 * page, mremap_maymove);
    task.set(moved, 100);
    task.write(pipe.out, "x");
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Mremap, SplitsWhatIsPartlyMoved) {
  check([](Task& task) {
    UserAddr memory = marked(task, 5);
    UserAddr moved = remap(task, memory + page, 2 * page, 2 * page, mremap_maymove | mremap_fixed, memory + 64 * page);
    EXPECT_EQ(moved, memory + 64 * page);
    EXPECT_EQ(task.get<int>(memory), 1);
    EXPECT_EQ(task.get<int>(memory + 3 * page), 4);
    EXPECT_EQ(task.get<int>(moved + page), 3);
    EXPECT_FALSE(is_mapped(task, memory + page));
    EXPECT_FALSE(is_mapped(task, memory + 2 * page));
  });
}

TEST_P(Mremap, HonoursTheAddressSpaceLimit) {
  check([](Task& task) {
    UserAddr memory = task.map(page);
    constexpr uint64_t limit = 32 << 20;
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_as, task.put(Rlimit{limit, limit}), nullptr), ok);
    EXPECT_EQ(remap(task, memory, page, limit, mremap_maymove), fails::nomem);
    EXPECT_EQ(remap(task, memory, page, ~uint64_t{0} - page, mremap_maymove), fails::nomem);
    EXPECT_EQ(task.get<int>(memory), 0);
  });
}

KERNEL_TESTS(Brk);

TEST_P(Mremap, ShrinkingMayEndInAnotherMapping) {
  check([](Task& task) {
    UserAddr memory = task.map(4 * page);
    EXPECT_EQ(task.call(Call::mprotect, memory + 2 * page, 2 * page, 1), ok);  // another VMA from here on
    EXPECT_EQ(remap(task, memory, 4 * page, 5 * page, mremap_maymove), fails::fault);
    EXPECT_EQ(remap(task, memory, 4 * page, page, 0), memory);
    EXPECT_TRUE(is_mapped(task, memory));
    for (int index = 1; index < 4; ++index) EXPECT_FALSE(is_mapped(task, memory + index * page));
  });
}

TEST_P(Brk, ZeroAsksForTheCurrentBreak) {
  check([](Task& task) {
    Outcome current = task.call(Call::brk, 0);
    EXPECT_EQ(task.call(Call::brk, 0), current);
    // It lies at or after the end of the program's data.
    EXPECT_GE(current, static_cast<int64_t>(program_layout::base + program_layout::scratch + program_layout::scratch_size));
  });
}

TEST_P(Brk, GrowsShrinksAndForgets) {
  check([](Task& task) {
    UserAddr start = task.call(Call::brk, 0);
    EXPECT_EQ(task.call(Call::brk, start + 3 * page + 5), start + 3 * page + 5);
    for (int index = 0; index < 4; ++index) task.set(start + index * page, 7);
    EXPECT_EQ(task.call(Call::brk, start + page), start + page);
    EXPECT_EQ(task.fault_of([start](Task& child) { child.set(start + 2 * page, 1); }).code, segv_maperr);
    EXPECT_EQ(task.call(Call::brk, start + 4 * page), start + 4 * page);
    EXPECT_EQ(task.get<int>(start), 7);
    EXPECT_EQ(task.get<int>(start + 2 * page), 0);
  });
}

TEST_P(Brk, WhatCannotBeGrantedLeavesTheBreak) {
  check([](Task& task) {
    UserAddr start = task.call(Call::brk, 0);
    EXPECT_EQ(task.call(Call::brk, start - page), start);      // below the heap
    EXPECT_EQ(task.call(Call::brk, ~uint64_t{0} - 5), start);  // beyond everything
    UserAddr wall = task.map(page, prot_rw, page_ceil(start) + 4 * page);
    EXPECT_EQ(task.call(Call::brk, wall + 1), start);
    EXPECT_EQ(task.call(Call::brk, wall), wall);
  });
}

TEST_P(Brk, HonoursTheDataLimit) {
  check([](Task& task) {
    UserAddr start = task.call(Call::brk, 0);
    constexpr uint64_t limit = 1 << 20;
    // RLIMIT_DATA counts the program's own data too.
    uint64_t data = program_layout::scratch_size + (2 << 20);
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_data, task.put(Rlimit{data + limit, data + limit}), nullptr), ok);
    EXPECT_EQ(task.call(Call::brk, start + 64 * limit), start);
    EXPECT_EQ(task.call(Call::brk, start + page), start + page);
  });
}

TEST_P(Brk, AChildHasItsOwnHeap) {
  check([](Task& task) {
    UserAddr start = task.call(Call::brk, 0);
    EXPECT_EQ(task.call(Call::brk, start + page), start + page);
    task.set(start, 1);
    EXPECT_EQ(task.in_child([start](Task& child) {
      EXPECT_EQ(child.get<int>(start), 1);
      EXPECT_EQ(child.call(Call::brk, 0), start + page);
      EXPECT_EQ(child.call(Call::brk, start + 8 * page), start + 8 * page);
      child.set(start + 7 * page, 1);
      child.set(start, 2);
    }),
              exited(0));
    EXPECT_EQ(task.call(Call::brk, 0), start + page);
    EXPECT_EQ(task.get<int>(start), 1);
    EXPECT_FALSE(is_mapped(task, start + 7 * page));
  });
}

// With MREMAP_DONTUNMAP the new address is looked at, and taken if it is free.
TEST_P(Mremap, DontunmapTakesAHint) {
  check([](Task& task) {
    constexpr uint32_t flags = mremap_maymove | mremap_dontunmap;
    UserAddr memory = marked(task, 4);
    for (UserAddr bad : {UserAddr{1}, UserAddr{0x1234}, ~UserAddr{0} - 4095, memory + page})
      EXPECT_EQ(remap(task, memory, 2 * page, 2 * page, flags, bad), fails::inval) << bad;
    constexpr UserAddr free_place = 0x40000000;
    EXPECT_EQ(remap(task, memory, 2 * page, 2 * page, flags, free_place), free_place);
    expect_marks(task, free_place, 2);
    EXPECT_EQ(task.get<int>(memory), 0);
    UserAddr elsewhere = remap(task, free_place, 2 * page, 2 * page, flags, memory + 2 * page);  // taken
    EXPECT_NE(elsewhere, memory + 2 * page);
    expect_marks(task, elsewhere, 2);
    EXPECT_EQ(task.get<int>(memory + 2 * page), 3);
    EXPECT_FALSE(remap(task, memory, page, 2 * page, mremap_maymove, 0x1234).is_error());  // without it nobody looks
  });
}

}  // namespace
}  // namespace halcyon::test
