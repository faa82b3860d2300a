// /proc: processes seen by themselves and by others, while they live, when they have ended, and after they were waited for.
#include "tests/kernel/file/proc.h"

namespace halcyon::test {
namespace {

using Proc = ProcTest;
INSTANTIATE_KERNEL_TESTS(Proc);

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
