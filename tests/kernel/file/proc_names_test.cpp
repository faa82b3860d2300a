// The names in /proc are the kernel's: what calls that would make, remove or move one say, as Linux says it; and that they and the rest may
// look a name up whatever is locked.
#include "tests/kernel/file/proc.h"

namespace halcyon::test {
namespace {

class ProcNames : public ProcTest {
 protected:
  void check_in_proc(Body body) { EXPECT_EQ(run_in_proc(std::move(body)), exited(0)); }
};
INSTANTIATE_KERNEL_TESTS(ProcNames);

TEST_P(ProcNames, AreNotMade) {
  check_in_proc([](Task& task) {
    for (const char* free : {"/proc/new", "/proc/self/new", "/proc/self/fd/77", "/proc/sys/new", "/proc/self/task/new"}) {
      EXPECT_EQ(task.mkdir(free), fails::noent) << free;
      EXPECT_EQ(task.symlink("x", free), fails::noent) << free;
      EXPECT_EQ(task.call(Call::mknodat, at_fdcwd, free, s_ifreg | 0600, 0), fails::noent) << free;
      EXPECT_EQ(task.link("/proc/self/stat", free), fails::noent) << free;
      EXPECT_EQ(task.call(Call::openat, at_fdcwd, free, o_creat | o_wronly, 0600), fails::noent) << free;
    }
    for (const char* taken : {"/proc/self", "/proc/self/stat", "/proc/self/fd/0"}) {
      EXPECT_EQ(task.mkdir(taken), fails::exist) << taken;
      EXPECT_EQ(task.symlink("x", taken), fails::exist) << taken;
      EXPECT_EQ(task.link("/proc/self/stat", taken), fails::exist) << taken;
      EXPECT_EQ(task.call(Call::openat, at_fdcwd, taken, o_creat | o_excl, 0600), fails::exist) << taken;
    }
    EXPECT_EQ(task.link("/proc/self/stat", "/tmp/new"), fails::xdev);
  });
}

TEST_P(ProcNames, AreNotRemoved) {
  check_in_proc([](Task& task) {
    EXPECT_EQ(task.unlink("/proc/self/stat"), fails::perm);
    EXPECT_EQ(task.unlink("/proc/self/fd"), fails::perm);
    EXPECT_EQ(task.unlink("/proc/self"), fails::perm);
    EXPECT_EQ(task.unlink("/proc/self/new"), fails::noent);
    EXPECT_EQ(task.unlink("/proc/self/stat/"), fails::notdir);
    EXPECT_EQ(task.unlink("/proc/self/fd/"), fails::isdir);
    EXPECT_EQ(task.rmdir("/proc/self/fd"), fails::perm);
    EXPECT_EQ(task.rmdir("/proc/self/stat"), fails::perm);
    EXPECT_EQ(task.rmdir("/proc/self/new"), fails::noent);
    EXPECT_EQ(task.rmdir("/proc/1"), fails::perm);
  });
}

TEST_P(ProcNames, AreNotMoved) {
  check_in_proc([](Task& task) {
    EXPECT_EQ(task.rename("/proc/self/stat", "/proc/self/new"), fails::noent);
    EXPECT_EQ(task.rename("/proc/self/stat", "/proc/self/comm"), fails::perm);
    EXPECT_EQ(task.rename("/proc/self/fd", "/proc/self/comm"), fails::perm);
    EXPECT_EQ(task.rename("/proc/self/new", "/proc/self/comm"), fails::noent);
    EXPECT_EQ(task.rename("/proc/self/comm", "/tmp/new"), fails::xdev);
    EXPECT_EQ(task.rename("/proc/self/comm/", "/proc/self/stat"), fails::notdir);
    auto renameat2 = [&](const char* to, uint32_t flags) {
      return task.call(Call::renameat2, at_fdcwd, "/proc/self/comm", at_fdcwd, to, flags);
    };
    EXPECT_EQ(renameat2("/proc/self/stat", 1), fails::exist);
    EXPECT_EQ(renameat2("/proc/self/stat", 2), fails::perm);
    EXPECT_EQ(renameat2("/proc/self/new", 2), fails::noent);
  });
}

// What a shell does for `echo hi > /dev/stdout`.
TEST_P(ProcNames, LeadOnWhereAFileWouldBeMade) {
  check_in_proc([](Task& task) {
    int out = task.create("/tmp/out", "old");
    task.dup2(out, 1);
    for (const char* path : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
      Outcome opened = task.call(Call::openat, at_fdcwd, path, o_creat | o_wronly | o_trunc, 0666);
      EXPECT_GE(opened, 0) << path;
      EXPECT_EQ(task.write(opened, "hi"), Outcome{2});
      StatView stat{};
      task.fstat(out, &stat);
      EXPECT_EQ(stat.size, 2u);
    }
    EXPECT_EQ(task.call(Call::openat, at_fdcwd, "/proc/self/cwd/made", o_creat | o_wronly, 0600).is_error(), false);
  });
}

}  // namespace
}  // namespace halcyon::test
