// /proc: processes seen by themselves and by others, while they live, when they have ended, and after they were waited for.
#include <algorithm>
#include <sstream>

#include "tests/support/task.h"

namespace halcyon::test {
namespace {

constexpr uint32_t o_rdonly = 0, o_wronly = 1, o_rdwr = 2, o_directory = 0200000, o_nonblock = 04000;

class Proc : public KernelTest {
 protected:
  int run_in_proc(Body body, unsigned cpus = 1, uint64_t seed = 1) {
    World world({.isa = isa(), .cpus = cpus, .seed = seed});
    must(world.system().mount_standard());
    return world.run(std::move(body));
  }
};

INSTANTIATE_TEST_SUITE_P(, Proc, testing::Values(hal::Isa::x86_64, hal::Isa::riscv64),
                         [](const auto& info) { return std::string(info.param == hal::Isa::x86_64 ? "x86_64" : "riscv64"); });

// The whole contents, or the error's name.
std::string contents(Task& task, const std::string& path) {
  int fd = task.open(path, o_rdonly);
  if (fd < 0) return std::string(errno_name(Outcome{fd}.error()));
  std::string text;
  for (;;) {
    std::string piece = task.read(fd);
    if (piece.empty()) break;
    text += piece;
    if (piece[0] == 'E' && piece.size() < 8) break;
  }
  task.close(fd);
  return text;
}

std::string of(int pid, std::string_view name) { return "/proc/" + std::to_string(pid) + "/" + std::string(name); }

// The number behind "Key:" in a status file.
long number(const std::string& text, const std::string& key) {
  size_t at = text.find(key + ":");
  EXPECT_NE(at, std::string::npos) << key << " in " << text;
  return at == std::string::npos ? -1 : std::stol(text.substr(at + key.size() + 1));
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

// Names in a directory; an error's name alone if it cannot be listed.
std::vector<std::string> names(Task& task, const std::string& path) {
  int fd = task.open(path, o_rdonly | o_directory);
  if (fd < 0) return {std::string(errno_name(Outcome{fd}.error()))};
  std::vector<std::string> result;
  for (;;) {
    UserAddr buffer = task.room(1024);
    Outcome got = task.call(Call::getdents64, fd, buffer, 1024);
    if (got.is_error()) result.assign(1, std::string(errno_name(got.error())));
    if (got <= 0) break;
    for (int64_t at = 0; at < got.value;) {
      auto length = task.get<uint16_t>(buffer + static_cast<uint64_t>(at) + 16);
      result.push_back(task.get_string(buffer + static_cast<uint64_t>(at) + 19));
      at += length;
    }
  }
  task.close(fd);
  return result;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A child that stays until the other end of a pipe is closed.
struct Sleeper {
  Sleeper(Task& task, Body first = {}) : task_(task) {
    Task::Pipe ready = task.pipe();
    end_ = task.pipe();
    pid = task.fork([ready, end = end_, first](Task& child) {
      child.close(end.out);
      if (first) first(child);
      child.write(ready.out, "r");
      child.read(end.in);
      child.exit(7);
    });
    task.close(end_.in);
    task.read(ready.in);
    task.close(ready.in);
    task.close(ready.out);
  }
  void end() { task_.close(end_.out); }
  int pid;

 private:
  Task& task_;
  Task::Pipe end_;
};

TEST_P(Proc, SelfIsTheReader) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              std::string pid = std::to_string(task.pid());
              EXPECT_EQ(task.readlink("/proc/self"), pid);
              EXPECT_EQ(task.readlink("/proc/thread-self"), pid + "/task/" + pid);
              EXPECT_EQ(task.readlink("/proc/self/exe"), "/bin/test");
              EXPECT_EQ(task.readlink("/proc/self/cwd"), "/");
              auto stat = words(contents(task, "/proc/self/stat"));
              EXPECT_EQ(stat.size(), 52u);
              EXPECT_EQ(stat[0], pid);
              EXPECT_EQ(stat[1], "(test)");
              EXPECT_EQ(stat[2], "R");
              EXPECT_EQ(stat[3], "1");
              EXPECT_EQ(stat[4], pid);
              EXPECT_EQ(stat[5], pid);
              EXPECT_EQ(task.in_child([pid](Task& child) {
                EXPECT_EQ(child.readlink("/proc/self"), std::to_string(child.pid()));
                EXPECT_EQ(words(contents(child, "/proc/self/stat"))[3], pid);
                child.exit(0);
              }),
                        exited(0));
            }),
            exited(0));
}

TEST_P(Proc, ListsProcesses) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              Sleeper child(task);
              auto all = names(task, "/proc");
              for (std::string name : {std::string("1"), std::to_string(task.pid()), std::to_string(child.pid), std::string("self"),
                                       std::string("meminfo"), std::string("sys")})
                EXPECT_TRUE(has(all, name)) << name;
              child.end();
              task.wait();
              EXPECT_FALSE(has(names(task, "/proc"), std::to_string(child.pid)));
            }),
            exited(0));
}

TEST_P(Proc, AnEndedProcessIsAZombieAndThenGone) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              Sleeper child(task);
              int held = task.open(of(child.pid, "stat"));
              int held_maps = task.open(of(child.pid, "maps"));
              int directory = task.open("/proc/" + std::to_string(child.pid), o_directory);
              EXPECT_EQ(words(contents(task, of(child.pid, "stat")))[2], "S");
              child.end();
              while (words(contents(task, of(child.pid, "stat")))[2] != "Z") task.sleep(1'000'000);
              auto stat = words(contents(task, of(child.pid, "stat")));
              EXPECT_EQ(stat[1], "(test)");
              EXPECT_EQ(stat[22], "0");  // vsize
              EXPECT_EQ(stat[51], "1792");
              EXPECT_EQ(contents(task, of(child.pid, "cmdline")), "");
              EXPECT_EQ(contents(task, of(child.pid, "maps")), "");
              EXPECT_EQ(task.readlink(of(child.pid, "exe")), "ENOENT");
              EXPECT_EQ(task.readlink(of(child.pid, "cwd")), "ENOENT");
              EXPECT_NE(contents(task, of(child.pid, "status")).find("State:\tZ (zombie)\n"), std::string::npos);
              EXPECT_EQ(task.read(held_maps), "");
              task.wait();
              EXPECT_EQ(task.read(held), "ESRCH");
              EXPECT_EQ(task.read(held_maps), "ESRCH");
              UserAddr buffer = task.room(512);
              task.call(Call::getdents64, directory, buffer, 512);  // . and ..
              EXPECT_EQ(task.call(Call::getdents64, directory, buffer, 512), fails::noent);
              EXPECT_EQ(task.call(Call::openat, directory, "stat", 0, 0), fails::noent);
              EXPECT_EQ(task.open(of(child.pid, "stat")), fails::noent);
            }),
            exited(0));
}

TEST_P(Proc, OthersMayNotLookIntoIt) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              Sleeper target(task, [](Task& child) { EXPECT_EQ(child.call(Call::setresuid, 1000, 1000, 1000), ok); });
              auto look = [pid = target.pid](Task& child) {
                std::vector<std::string> seen;
                for (const char* name : {"environ", "maps", "smaps", "auxv", "stat", "status", "statm", "cmdline", "comm", "limits"})
                  if (contents(child, of(pid, name)) == "EACCES") seen.push_back(name);
                for (const char* name : {"exe", "cwd", "root"})
                  if (child.readlink(of(pid, name)) == "EACCES") seen.push_back(name);
                if (names(child, of(pid, "fd"))[0] == "EACCES") seen.push_back("fd");
                if (child.readlink(of(pid, "fd/0")) == "EACCES") seen.push_back("fd/0");
                if (contents(child, of(pid, "fdinfo/0")) == "EACCES") seen.push_back("fdinfo/0");
                return seen;
              };
              std::vector<std::string> nothing;
              EXPECT_EQ(look(task), nothing);
              task.in_child([=, pid = target.pid](Task& child) {
                EXPECT_EQ(child.call(Call::setresuid, 1001, 1001, 1001), ok);
                EXPECT_EQ(look(child),
                          (std::vector<std::string>{"environ", "maps", "smaps", "auxv", "exe", "cwd", "root", "fd", "fd/0", "fdinfo/0"}));
                // Sizes are for everybody, addresses are not.
                auto stat = words(contents(child, of(pid, "stat")));
                EXPECT_NE(stat[22], "0");
                EXPECT_EQ(stat[27], "0");
                EXPECT_EQ(stat[44], "0");
                child.exit(0);
              });
              // Whoever has changed its ids may not be looked into by its own user either.
              task.in_child([=](Task& child) {
                EXPECT_EQ(child.call(Call::setresuid, 1000, 1000, 1000), ok);
                EXPECT_TRUE(has(look(child), "environ"));
                EXPECT_EQ(names(child, "/proc/self/fd")[0], ".");
                child.exit(0);
              });
              target.end();
              task.wait();
            }),
            exited(0));
}

TEST_P(Proc, DescriptorsAreLinks) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              task.create("/tmp/file", "content");
              int fd = task.open("/tmp/file", o_rdonly);
              std::string link = "/proc/self/fd/" + std::to_string(fd);
              EXPECT_EQ(task.readlink(link), "/tmp/file");
              int again = task.open(link, o_rdwr);  // its own flags and offset
              EXPECT_EQ(task.read(fd, 3), "con");
              EXPECT_EQ(task.read(again, 3), "con");
              task.unlink("/tmp/file");
              EXPECT_EQ(task.readlink(link), "/tmp/file (deleted)");
              EXPECT_EQ(contents(task, link), "content");
              StatView stat;
              EXPECT_EQ(task.stat(link, &stat), ok);
              EXPECT_EQ(stat.size, 7u);
              task.close(fd);
              EXPECT_EQ(task.readlink(link), "ENOENT");
              EXPECT_EQ(task.readlink("/proc/self/fd/00"), "ENOENT");
              EXPECT_EQ(task.readlink("/proc/self/fd/x"), "ENOENT");
            }),
            exited(0));
}

TEST_P(Proc, AnEndOfAPipeOpensAnother) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              Task::Pipe pipe = task.pipe();
              std::string reader = "/proc/self/fd/" + std::to_string(pipe.in);
              EXPECT_TRUE(task.readlink(reader).starts_with("pipe:["));
              int writer = task.open(reader, o_wronly);
              EXPECT_GE(writer, 0);
              EXPECT_EQ(task.write(writer, "abc"), 3);
              EXPECT_EQ(task.read(pipe.in), "abc");
              task.close(pipe.out);
              int other = task.open(reader, o_rdonly | o_nonblock);
              EXPECT_EQ(task.read(other), "EAGAIN");
              task.close(writer);
              EXPECT_EQ(task.read(other), "");
              EXPECT_EQ(task.open(reader + "/x", o_rdonly), fails::notdir);
              EXPECT_EQ(task.open(reader, o_directory), fails::notdir);
            }),
            exited(0));
}

TEST_P(Proc, FdInfo) {
  EXPECT_EQ(run_in_proc([](Task& task) {
              task.create("/tmp/file", "0123456789");
              int fd = task.open("/tmp/file", o_rdwr | 02000 | 02000000);
              task.read(fd, 4);
              StatView stat;
              task.fstat(fd, &stat);
              std::string text = contents(task, "/proc/self/fdinfo/" + std::to_string(fd));
              EXPECT_TRUE(text.starts_with("pos:\t4\nflags:\t02102002\nmnt_id:\t")) << text;
              EXPECT_EQ(number(text, "ino"), static_cast<long>(stat.inode));
            }),
            exited(0));
}

TEST_P(Proc, MemoryIsCounted) {
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

TEST_P(Proc, CpuTimeIsCounted) {
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

TEST_P(Proc, CommandLineEnvironmentAndTitle) {
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

TEST_P(Proc, MapsOfAProgramThatWasReplacedAreEmpty) {
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

TEST_P(Proc, CommIsWritableByItsOwnProcess) {
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

TEST_P(Proc, ThreadsHaveDirectories) {
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

TEST_P(Proc, OutOfMemoryScore) {
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
TEST_P(Proc, ReadersAndEndsRace) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_EQ(run_in_proc(
                  [](Task& task) {
                    int reader = task.fork([](Task& child) {
                      for (int round = 0; round < 4; ++round) {
                        for (const std::string& pid : names(child, "/proc")) {
                          if (pid[0] < '0' || pid[0] > '9') continue;
                          for (const char* name : {"stat", "status", "maps", "smaps", "cmdline", "environ", "mountinfo"})
                            contents(child, "/proc/" + pid + "/" + name);
                          for (const char* name : {"exe", "cwd", "fd/0"}) child.readlink("/proc/" + pid + "/" + name);
                          names(child, "/proc/" + pid + "/fd");
                          names(child, "/proc/" + pid + "/task");
                        }
                      }
                      child.exit(0);
                    });
                    for (int round = 0; round < 30; ++round) {
                      int pid = task.fork([](Task& child) {
                        child.work(20'000);
                        child.exit(0);
                      });
                      task.wait(pid);
                    }
                    EXPECT_EQ(task.wait(reader), exited(0));
                  },
                  2, seed),
              exited(0));
  }
}

}  // namespace
}  // namespace halcyon::test
