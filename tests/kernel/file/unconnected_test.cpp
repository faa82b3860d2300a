// What is asked of things that are not there, or that no file system names: address families, devices, pipes' owners.
#include "tests/kernel/file/proc.h"

namespace halcyon::test {
namespace {

struct Unconnected : ProcTest {};
INSTANTIATE_KERNEL_TESTS(Unconnected);

TEST_P(Unconnected, NoAddressFamilyIsSupported) {
  check([](Task& task) {
    for (int family : {0, 1, 2, 10, 45, 46, 99, -1}) EXPECT_EQ(task.call(Call::socket, family, 1, 0), fails::afnosupport) << family;
    EXPECT_EQ(task.call(Call::socket, 2, 1 | o_nonblock | o_cloexec, 0), fails::afnosupport);
    EXPECT_EQ(task.call(Call::socket, 2, 1 | 0x10000, 0), fails::inval);
    EXPECT_EQ(task.call(Call::socket, 2, 11, 0), fails::inval);
    EXPECT_EQ(task.call(Call::socket, 99, 11, 0), fails::afnosupport);
    UserAddr fds = task.room(8);
    EXPECT_EQ(task.call(Call::socketpair, 99, 1, 0, fds), fails::afnosupport);
    EXPECT_EQ(task.call(Call::socketpair, 99, 1, 0, 8), fails::fault);
    EXPECT_EQ(task.call(Call::socketpair, 99, 1 | 0x10000, 0, 8), fails::inval);
    EXPECT_EQ(task.call(Call::dup, 0), 3);  // no descriptor is lost
  });
}

TEST_P(Unconnected, EveryNodeInDevHasADevice) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              std::vector<std::string> all = names(task, "/dev");
              EXPECT_NE(std::find(all.begin(), all.end(), "null"), all.end());
              EXPECT_EQ(std::find(all.begin(), all.end(), "ptmx"), all.end());
              for (const std::string& name : all) {
                StatView stat;
                EXPECT_EQ(task.stat("/dev/" + name, &stat, at_symlink_nofollow), ok);
                if ((stat.mode & s_ifmt) != s_ifchr) continue;
                Outcome opened{task.open("/dev/" + name, o_rdonly | o_nonblock)};
                EXPECT_FALSE(opened == fails::nxio || opened == fails::nodev) << name;
              }
            }),
            exited(0));
}

TEST_P(Unconnected, APipeHasAnOwnerAndPermissions) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    StatView stat;
    EXPECT_EQ(task.call(Call::fchown, pipe.in, 1, 2), ok);
    EXPECT_EQ(task.call(Call::fchmod, pipe.out, 0123), ok);
    EXPECT_EQ(task.fstat(pipe.out, &stat), ok);
    EXPECT_EQ(stat.uid, 1u);
    EXPECT_EQ(stat.gid, 2u);
    EXPECT_EQ(stat.mode, s_ififo | 0123);
    EXPECT_EQ(task.call(Call::ftruncate, pipe.out, 1), fails::inval);
    EXPECT_EQ(task.call(Call::fallocate, pipe.out, 0, 0, 1), fails::spipe);
    EXPECT_EQ(task.call(Call::fsync, pipe.in), fails::inval);
  });
}

TEST_P(Unconnected, AUserMayNotGiveAPipeAway) {
  check_as_user([](Task& task) {
    Task::Pipe pipe = task.pipe();
    EXPECT_EQ(task.call(Call::fchown, pipe.in, 1, 2), fails::perm);
    EXPECT_EQ(task.call(Call::fchmod, pipe.in, 0600), ok);
  });
}

}  // namespace
}  // namespace halcyon::test
