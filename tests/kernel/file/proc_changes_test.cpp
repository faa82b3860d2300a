// poll(2) of texts in /proc that tell their changes (proc(5), "mounts"; the settings kernel.hostname and kernel.domainname), and who may
// look at other processes' descriptors.
#include "tests/kernel/file/proc.h"

namespace halcyon::test {
namespace {

struct ProcChanges : ProcTest {};
INSTANTIATE_KERNEL_TESTS(ProcChanges);

constexpr int changed = pollin | pollpri | pollerr;

TEST_P(ProcChanges, PollTellsOnceOfMounts) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              task.mkdir("/tmp/m");
              int info = task.open("/proc/self/mountinfo"), mounts = task.open("/proc/mounts"), other = task.open("/proc/self/status");
              auto see = [&] {
                int seen = task.ready(info, pollin | pollpri);
                EXPECT_EQ(task.ready(mounts, pollin | pollpri), seen);
                EXPECT_EQ(task.ready(other, pollin | pollpri), pollin);
                EXPECT_EQ(task.ready(info, pollin | pollpri), pollin);
                EXPECT_EQ(task.ready(mounts, pollin | pollpri), pollin);
                return seen;
              };
              auto mount = [&](std::string_view type, uint64_t flags) {
                EXPECT_EQ(task.call(Call::mount, "t", "/tmp/m", type, flags, nullptr), ok);
              };
              EXPECT_EQ(see(), pollin);
              mount("tmpfs", 0);
              EXPECT_EQ(see(), changed);
              mount("", 32);  // MS_REMOUNT
              EXPECT_EQ(see(), changed);
              mount("", 32 | 4096 | 1);  // and MS_BIND, MS_RDONLY
              EXPECT_EQ(see(), changed);
              EXPECT_EQ(task.call(Call::umount2, "/tmp/m", 0), ok);
              EXPECT_EQ(see(), changed);
            }),
            exited(0));
}

TEST_P(ProcChanges, PollWaitsForThem) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              task.mkdir("/tmp/m");
              int info = task.open("/proc/self/mountinfo");
              int other = task.fork([](Task& child) {
                child.sleep(2 * millisecond);
                EXPECT_EQ(child.call(Call::mount, "t", "/tmp/m", "tmpfs", 0, nullptr), ok);
              });
              std::vector<PollFd> fds = {{info, pollpri, 0}};
              EXPECT_EQ(task.poll(fds, -1), 1);
              EXPECT_EQ(fds[0].returned, pollpri | pollerr);
              task.wait(other);
            }),
            exited(0));
}

TEST_P(ProcChanges, PollTellsOfNames) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              int host = task.open("/proc/sys/kernel/hostname"), domain = task.open("/proc/sys/kernel/domainname"),
                  fixed = task.open("/proc/sys/kernel/ostype");
              auto see = [&](int fd) { return task.ready(fd, pollin | pollpri); };
              EXPECT_EQ(see(host), pollin);
              EXPECT_EQ(task.call(Call::sethostname, "x", 1), ok);
              EXPECT_EQ(see(domain), pollin);
              EXPECT_EQ(see(host), changed);
              EXPECT_EQ(see(host), pollin);
              EXPECT_EQ(task.call(Call::sethostname, "x", 1), ok);  // the same again
              EXPECT_EQ(see(host), changed);
              EXPECT_EQ(task.call(Call::setdomainname, "y", 1), ok);
              EXPECT_EQ(see(host), pollin);
              EXPECT_EQ(see(domain), changed);
              int writer = task.open("/proc/sys/kernel/hostname", o_wronly);
              EXPECT_EQ(task.write(writer, "abc"), 3);
              EXPECT_EQ(see(host), changed);
              EXPECT_EQ(see(fixed), pollin);
            }),
            exited(0));
}

TEST_P(ProcChanges, AnotherUsersDescriptorsAreNotShown) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              int victim = task.sleeper();
              EXPECT_EQ(task.in_child([victim](Task& user) {
                EXPECT_EQ(user.call(Call::setuid, 1000), ok);
                for (std::string name : {"fdinfo", "fdinfo/0", "fd", "fd/0"}) EXPECT_EQ(contents(user, of(victim, name)), "EACCES") << name;
                EXPECT_EQ(names(user, of(victim, "task/" + std::to_string(victim) + "/fdinfo"))[0], "EACCES");
                EXPECT_EQ(names(user, "/proc/self/fdinfo").size(), 6u);
              }),
                        exited(0));
              EXPECT_EQ(names(task, of(victim, "fdinfo")).size(), 5u);
              task.kill(victim, sigkill);
              task.wait(victim);
            }),
            exited(0));
}

}  // namespace
}  // namespace halcyon::test
