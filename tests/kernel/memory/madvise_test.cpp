// madvise(2), msync(2), mincore(2), mlock(2).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Madvise);

TEST_P(Madvise, DontneedZeroesPrivateMemory) {
  check([](Task& task) {
    UserAddr memory = task.map(3 * page);
    for (int index = 0; index < 3; ++index) task.set(memory + index * page, 1);
    EXPECT_EQ(task.call(Call::madvise, memory + page, page, madv_dontneed), ok);
    EXPECT_EQ(task.get<int>(memory), 1);
    EXPECT_EQ(task.get<int>(memory + page), 0);
    EXPECT_EQ(task.get<int>(memory + 2 * page), 1);
  });
}

TEST_P(Madvise, DontneedBringsFileContentsBack) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "text");
    UserAddr memory = task.call(Call::mmap, 0, page, prot_rw, map_private, fd, 0);
    task.set(memory, 'X');
    EXPECT_EQ(task.call(Call::madvise, memory, page, madv_dontneed), ok);
    EXPECT_EQ(task.get<char>(memory), 't');
  });
}

TEST_P(Madvise, DontneedKeepsSharedContents) {
  check([](Task& task) {
    UserAddr memory = task.call(Call::mmap, 0, page, prot_rw, map_shared | map_anonymous, -1, 0);
    task.set(memory, 5);
    EXPECT_EQ(task.call(Call::madvise, memory, page, madv_dontneed), ok);
    EXPECT_EQ(task.get<int>(memory), 5);
  });
}

TEST_P(Madvise, RejectsWhatTheManualSays) {
  check([](Task& task) {
    UserAddr memory = task.map(3 * page);
    EXPECT_EQ(task.call(Call::madvise, memory + 1, page, madv_normal), fails::inval);
    EXPECT_EQ(task.call(Call::madvise, memory, page, 12345), fails::inval);
    EXPECT_EQ(task.call(Call::madvise, memory, 0, madv_dontneed), ok);
    EXPECT_EQ(task.call(Call::madvise, memory, ~uint64_t{0} - 10, madv_dontneed), fails::inval);
    EXPECT_EQ(task.call(Call::munmap, memory + page, page), ok);
    EXPECT_EQ(task.call(Call::madvise, memory, 3 * page, madv_willneed), fails::nomem);
  });
}

TEST_P(Madvise, AHoleIsReportedAfterTheRestIsDone) {
  check([](Task& task) {
    UserAddr memory = task.map(3 * page);
    task.set(memory, 1), task.set(memory + 2 * page, 1);
    EXPECT_EQ(task.call(Call::munmap, memory + page, page), ok);
    EXPECT_EQ(task.call(Call::madvise, memory, 3 * page, madv_dontneed), fails::nomem);
    EXPECT_EQ(task.get<int>(memory), 0);
    EXPECT_EQ(task.get<int>(memory + 2 * page), 0);
  });
}

TEST_P(Madvise, WipeonforkGivesTheChildZeroes) {
  check([](Task& task) {
    UserAddr memory = task.map(2 * page);
    task.set(memory, 1), task.set(memory + page, 1);
    EXPECT_EQ(task.call(Call::madvise, memory, page, madv_wipeonfork), ok);
    EXPECT_EQ(task.in_child([memory](Task& child) {
      EXPECT_EQ(child.get<int>(memory), 0);
      EXPECT_EQ(child.get<int>(memory + page), 1);
      child.set(memory, 3);
      // The mark is inherited.
      EXPECT_EQ(child.in_child([memory](Task& grandchild) { EXPECT_EQ(grandchild.get<int>(memory), 0); }), exited(0));
    }),
              exited(0));
    EXPECT_EQ(task.get<int>(memory), 1);
    EXPECT_EQ(task.call(Call::madvise, memory, page, madv_keeponfork), ok);
    EXPECT_EQ(task.in_child([memory](Task& child) { EXPECT_EQ(child.get<int>(memory), 1); }), exited(0));
    int fd = task.create("/tmp/file", "text");
    UserAddr file = task.call(Call::mmap, 0, page, prot_rw, map_private, fd, 0);
    EXPECT_EQ(task.call(Call::madvise, file, page, madv_wipeonfork), fails::inval);
  });
}

TEST_P(Madvise, DontforkLeavesAHoleInTheChild) {
  check([](Task& task) {
    UserAddr memory = task.map(2 * page);
    task.set(memory, 1), task.set(memory + page, 2);
    EXPECT_EQ(task.call(Call::madvise, memory, page, madv_dontfork), ok);
    Siginfo fault = task.fault_of([memory](Task& child) {
      EXPECT_EQ(child.get<int>(memory + page), 2);
      child.get<int>(memory);
    });
    EXPECT_EQ(fault.code, segv_maperr);
    EXPECT_EQ(fault.address, memory);
    EXPECT_EQ(task.call(Call::madvise, memory, page, madv_dofork), ok);
    EXPECT_EQ(task.in_child([memory](Task& child) { EXPECT_EQ(child.get<int>(memory), 1); }), exited(0));
  });
}

KERNEL_TESTS(Msync);

TEST_P(Msync, RejectsWhatTheManualSays) {
  check([](Task& task) {
    UserAddr memory = task.map(2 * page);
    EXPECT_EQ(task.call(Call::msync, memory, page, ms_async | ms_sync), fails::inval);
    EXPECT_EQ(task.call(Call::msync, memory, page, 8), fails::inval);
    EXPECT_EQ(task.call(Call::msync, memory + 1, page, ms_sync), fails::inval);
    EXPECT_EQ(task.call(Call::msync, memory, page, ms_sync | ms_invalidate), ok);
    EXPECT_EQ(task.call(Call::msync, memory, page, ms_async), ok);
    EXPECT_EQ(task.call(Call::munmap, memory + page, page), ok);
    EXPECT_EQ(task.call(Call::msync, memory, 2 * page, ms_sync), fails::nomem);
    EXPECT_EQ(task.call(Call::msync, memory, 2 * page, ms_async), fails::nomem);
  });
}

TEST_P(Msync, FilePagesAreTheFile) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "text");
    UserAddr memory = task.call(Call::mmap, 0, page, prot_rw, map_shared, fd, 0);
    task.set(memory, 'T');
    EXPECT_EQ(task.call(Call::msync, memory, page, ms_sync), ok);
    EXPECT_EQ(task.read(fd), "Text");
  });
}

KERNEL_TESTS(Mincore);

TEST_P(Mincore, TellsWhatIsResident) {
  check({.fault_around = 1}, [](Task& task) {
    UserAddr memory = task.map(4 * page);
    task.set(memory + page, 1), task.set(memory + 3 * page, 1);
    UserAddr vector = task.room(8);
    EXPECT_EQ(task.call(Call::mincore, memory, 4 * page, vector), ok);
    EXPECT_EQ(task.get<uint32_t>(vector) & 0x01010101u, 0x01000100u);
    EXPECT_EQ(task.call(Call::mincore, memory + 1, page, vector), fails::inval);
    EXPECT_EQ(task.call(Call::mincore, memory, page, 8), fails::fault);
    EXPECT_EQ(task.call(Call::munmap, memory + 2 * page, page), ok);
    EXPECT_EQ(task.call(Call::mincore, memory, 4 * page, vector), fails::nomem);
    EXPECT_EQ(task.call(Call::mincore, memory, ~uint64_t{0}, vector), fails::nomem);
  });
}

KERNEL_TESTS(Mlock);

TEST_P(Mlock, MakesPagesResident) {
  check({.fault_around = 1}, [](Task& task) {
    UserAddr memory = task.map(4 * page);
    EXPECT_EQ(task.call(Call::mlock, memory + page + 5, page), ok);  // pages 1 and 2
    UserAddr vector = task.room(8);
    EXPECT_EQ(task.call(Call::mincore, memory, 4 * page, vector), ok);
    EXPECT_EQ(task.get<uint32_t>(vector) & 0x01010101u, 0x00010100u);
    EXPECT_EQ(task.call(Call::madvise, memory + page, page, madv_dontneed), fails::inval);
    EXPECT_EQ(task.call(Call::munlock, memory, 4 * page), ok);
    EXPECT_EQ(task.call(Call::madvise, memory + page, page, madv_dontneed), ok);
    EXPECT_EQ(task.call(Call::munmap, memory + page, page), ok);
    EXPECT_EQ(task.call(Call::mlock, memory, 4 * page), fails::nomem);
    EXPECT_EQ(task.call(Call::munlock, memory, 4 * page), fails::nomem);
  });
}

TEST_P(Mlock, IsLimitedWithoutPrivilege) {
  check_as_user([](Task& task) {
    UserAddr memory = task.map(64 * page);
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_memlock, task.put(Rlimit{16 * page, 16 * page}), nullptr), ok);
    EXPECT_EQ(task.call(Call::mlock, memory, 64 * page), fails::nomem);
    EXPECT_EQ(task.call(Call::mlock, memory, 8 * page), ok);
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_memlock, task.put(Rlimit{0, 0}), nullptr), ok);
    EXPECT_EQ(task.call(Call::mlock, memory, page), fails::perm);
  });
}

TEST_P(Mlock, TheLimitIsOnAllLockedMemory) {
  check_as_user([](Task& task) {
    UserAddr memory = task.map(64 * page);
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_memlock, task.put(Rlimit{16 * page, 16 * page}), nullptr), ok);
    EXPECT_EQ(task.call(Call::mlock, memory, 10 * page), ok);
    EXPECT_EQ(task.call(Call::mlock, memory + 20 * page, 10 * page), fails::nomem);
    EXPECT_EQ(task.call(Call::mlock, memory, 12 * page), ok);  // ten of them are locked already
    EXPECT_EQ(task.call(Call::munlock, memory, 12 * page), ok);
    EXPECT_EQ(task.call(Call::mlock, memory + 20 * page, 10 * page), ok);
  });
}

}  // namespace
}  // namespace halcyon::test
