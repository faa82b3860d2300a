// /proc/PID: what it counts and tells of one process: memory, times, command line, name, threads.
#include "tests/kernel/file/proc.h"

namespace halcyon::test {
namespace {

using ProcTask = ProcTest;
INSTANTIATE_KERNEL_TESTS(ProcTask);

TEST_P(ProcTask, MemoryIsCounted) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              std::string before = contents(task, "/proc/self/status");
              constexpr size_t pages = 64;
              UserAddr memory = task.map(pages * 4096);
              for (size_t page = 0; page < pages; ++page) task.set<uint8_t>(memory + page * 4096, 1);
              std::string during = contents(task, "/proc/self/status");
              EXPECT_EQ(number(during, "VmSize") - number(before, "VmSize"), 256);
              EXPECT_EQ(number(during, "VmRSS") - number(before, "VmRSS"), 256);
              EXPECT_EQ(number(during, "RssAnon") - number(before, "RssAnon"), 256);
              EXPECT_EQ(number(during, "VmData") - number(before, "VmData"), 256);
              EXPECT_NE(contents(task, "/proc/self/smaps").find("Private_Dirty:       256 kB\n"), std::string::npos);
              EXPECT_EQ(task.in_child([&](Task& child) {
                EXPECT_NE(contents(child, "/proc/self/smaps").find("Shared_Dirty:        256 kB\n"), std::string::npos);
                child.exit(0);
              }),
                        exited(0));
              EXPECT_EQ(task.call(Call::munmap, memory, pages * 4096), ok);
              std::string after = contents(task, "/proc/self/status");
              EXPECT_EQ(number(after, "VmSize"), number(before, "VmSize"));
              EXPECT_EQ(number(after, "VmRSS"), number(before, "VmRSS"));
              EXPECT_EQ(number(after, "VmPeak"), number(during, "VmPeak"));
              EXPECT_EQ(number(after, "VmHWM"), number(during, "VmHWM"));
              auto statm = words(contents(task, "/proc/self/statm"));
              EXPECT_EQ(std::stol(statm[0]) * 4, number(after, "VmSize"));
              EXPECT_EQ(std::stol(statm[1]) * 4, number(after, "VmRSS"));
            }),
            exited(0));
}

TEST_P(ProcTask, CpuTimeIsCounted) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              task.work(100'000'000);
              auto stat = words(contents(task, "/proc/self/stat"));
              EXPECT_GE(std::stol(stat[13]) + std::stol(stat[14]), 9);
              auto system = words(contents(task, "/proc/stat"));
              EXPECT_EQ(system[0], "cpu");
              EXPECT_GE(std::stol(system[1]) + std::stol(system[3]), 9);
              task.sleep(500'000'000);
              EXPECT_GE(std::stol(words(contents(task, "/proc/stat"))[4]), 49);
              auto uptime = words(contents(task, "/proc/uptime"));
              EXPECT_GE(std::stod(uptime[0]), 0.59);
              EXPECT_GE(std::stod(uptime[1]), 0.49);
            }),
            exited(0));
}

TEST_P(ProcTask, CommandLineEnvironmentAndTitle) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              task.world().install("/bin/show", [](Task& self) {
                EXPECT_EQ(contents(self, "/proc/self/cmdline"), (std::string("show\0two\0", 9)));
                EXPECT_EQ(contents(self, "/proc/self/environ"), (std::string("A=1\0LONGER=2\0", 13)));
                auto stat = words(contents(self, "/proc/self/stat"));
                uint64_t start = std::stoull(stat[47]), end = std::stoull(stat[48]);
                EXPECT_EQ(end - start, 9u);
                self.set<uint8_t>(end - 1, 'X');  // what setproctitle(3) does
                EXPECT_EQ(contents(self, "/proc/self/cmdline"), (std::string("show\0", 5)));
                self.set<uint8_t>(start + 4, '-');
                self.set<uint8_t>(start + 8, '-');
                EXPECT_EQ(contents(self, "/proc/self/cmdline"), (std::string("show-two-A=1\0", 13)));
                self.exit(0);
              });
              task.execve("/bin/show", {"show", "two"}, {"A=1", "LONGER=2"});
            }),
            exited(0));
}

TEST_P(ProcTask, MapsOfAProgramThatWasReplacedAreEmpty) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              int held = task.open("/proc/self/maps");
              EXPECT_NE(task.read(held, 64), "");
              task.call(Call::lseek, held, 0, 0);
              task.world().install("/bin/next", [held](Task& self) {
                EXPECT_EQ(self.read(held), "");
                EXPECT_NE(contents(self, "/proc/self/maps").find("/bin/next\n"), std::string::npos);
                self.exit(0);
              });
              task.execve("/bin/next");
            }),
            exited(0));
}

TEST_P(ProcTask, CommIsWritableByItsOwnProcess) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              int fd = task.open("/proc/self/comm", o_rdwr);
              EXPECT_EQ(task.write(fd, "a name that is too long"), 23);
              EXPECT_EQ(contents(task, "/proc/self/comm"), "a name that is \n");
              Sleeper child(task);
              int other = task.open(of(child.pid, "comm"), o_wronly);
              EXPECT_EQ(task.write(other, "x"), fails::inval);
              child.end();
              task.wait();
              EXPECT_EQ(task.write(other, "x"), fails::inval);
            }),
            exited(0));
}

TEST_P(ProcTask, ThreadsHaveDirectories) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              std::string pid = std::to_string(task.pid());
              UserAddr done = task.map(4096);
              task.set<uint32_t>(done, 1);
              Task::Pipe pipe = task.pipe();
              int tid = task.thread([pipe](Task& thread) { thread.read(pipe.in); }, done);
              std::string name = std::to_string(tid);
              EXPECT_EQ(names(task, "/proc/self/task"), (std::vector<std::string>{".", "..", pid, name}));
              EXPECT_EQ(words(contents(task, "/proc/self/task/" + name + "/stat"))[0], name);
              std::string status = contents(task, "/proc/self/task/" + name + "/status");
              EXPECT_EQ(number(status, "Pid"), tid);
              EXPECT_EQ(number(status, "Tgid"), task.pid());
              EXPECT_EQ(number(status, "Threads"), 2);
              EXPECT_EQ(names(task, "/proc/self/task/" + name + "/task")[0], "ENOENT");
              // The process can be found by its thread's id, but is not listed under it.
              EXPECT_EQ(number(contents(task, "/proc/" + name + "/status"), "Tgid"), task.pid());
              EXPECT_FALSE(has(names(task, "/proc"), name));
              task.write(pipe.out, "x");
              task.join(done);
              while (names(task, "/proc/self/task").size() > 3) task.sleep(1'000'000);
              EXPECT_EQ(contents(task, "/proc/self/task/" + name + "/stat"), "ENOENT");
            }),
            exited(0));
}

TEST_P(ProcTask, OutOfMemoryScore) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              EXPECT_EQ(contents(task, "/proc/self/oom_score_adj"), "0\n");
              int fd = task.open("/proc/self/oom_score_adj", o_rdwr);
              EXPECT_EQ(task.write(fd, "500\n"), 4);
              EXPECT_EQ(task.write(fd, "1001"), fails::inval);
              EXPECT_EQ(task.write(fd, "x"), fails::inval);
              EXPECT_EQ(task.in_child([](Task& child) {
                EXPECT_EQ(contents(child, "/proc/self/oom_score_adj"), "500\n");
                EXPECT_GE(std::stol(contents(child, "/proc/self/oom_score")), 900);
                child.exit(0);
              }),
                        exited(0));
            }),
            exited(0));
}

// Processes come and go while somebody reads everything about all of them.

// proc(5), /proc/PID/task/TID/children: in the order of their creation, zombies included, until they are waited for.
TEST_P(ProcTask, ChildrenOfAThread) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              int self = static_cast<int>(task.call(Call::getpid).value);
              std::string path = of(self, "task/" + std::to_string(self) + "/children");
              EXPECT_EQ(contents(task, path), "");
              Sleeper first(task), second(task);
              EXPECT_EQ(contents(task, path), std::to_string(first.pid) + " " + std::to_string(second.pid) + " ");
              EXPECT_EQ(contents(task, of(first.pid, "task/" + std::to_string(first.pid) + "/children")), "");
              EXPECT_EQ(contents(task, of(self, "children")), "ENOENT");
              EXPECT_TRUE(has(names(task, of(self, "task/" + std::to_string(self))), "children"));
              EXPECT_FALSE(has(names(task, of(self, "")), "children"));
              second.end();  // which holds the other's pipe, too
              EXPECT_EQ(task.call(Call::wait4, second.pid, 0, 0, 0), second.pid);
              EXPECT_EQ(contents(task, path), std::to_string(first.pid) + " ");
              first.end();
              EXPECT_EQ(task.call(Call::wait4, first.pid, 0, 0, 0), first.pid);
              EXPECT_EQ(contents(task, path), "");
            }),
            exited(0));
}

}  // namespace
}  // namespace halcyon::test
