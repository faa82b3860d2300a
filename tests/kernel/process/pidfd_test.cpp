// Processes by descriptor: pidfd_open(2), CLONE_PIDFD, pidfd_send_signal(2), pidfd_getfd(2), waitid(2) with P_PIDFD.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

class Pidfd : public KernelTest {
 protected:
  void check_in_proc(Body body) {
    World world({.isa = isa()});
    must(world.system().mount_standard());
    EXPECT_EQ(world.run(std::move(body)), exited(0));
  }
};
INSTANTIATE_KERNEL_TESTS(Pidfd);

constexpr uint64_t clone_pidfd = 0x1000, clone_detached = 0x400000;
constexpr int p_pidfd = 3;

int open_pidfd(Task& task, int pid, uint32_t flags = 0) { return task.call(Call::pidfd_open, pid, flags); }

Outcome send(Task& task, int pidfd, int signal, UserAddr info = 0, uint32_t flags = 0) {
  return task.call(Call::pidfd_send_signal, pidfd, signal, info, flags);
}

Outcome wait_by(Task& task, int pidfd, uint32_t flags = wexited) {
  return task.call(Call::waitid, p_pidfd, pidfd, nullptr, flags, nullptr);
}

// clone(2) with CLONE_PIDFD; the descriptor goes to `place`.
Outcome clone_with_pidfd(Task& task, UserAddr place, Body child, uint64_t more = 0) {
  return task.clone({.flags = clone_pidfd | more | sigchld, .parent_tid = place}, std::move(child));
}

TEST_P(Pidfd, IsReadableWhenTheProcessHasEnded) {
  check([](Task& task) {
    int child = task.sleeper();
    int fd = open_pidfd(task, child);
    int epoll = task.call(Call::epoll_create1, 0);
    ASSERT_EQ(task.call(Call::epoll_ctl, epoll, 1, fd, task.put(std::array<uint32_t, 4>{pollin, 0, 0, 0})), ok);
    UserAddr event = task.room(16);
    EXPECT_EQ(task.ready(fd, pollin | pollout), 0);
    EXPECT_EQ(task.call(Call::epoll_pwait, epoll, event, 1, 0, nullptr, 8), 0);
    task.kill(child, sigkill);
    std::vector<PollFd> fds{{fd, pollin, 0}};
    EXPECT_EQ(task.poll(fds, second), 1);
    EXPECT_EQ(task.call(Call::epoll_pwait, epoll, event, 1, 0, nullptr, 8), 1);
    EXPECT_EQ(task.wait(child), killed(sigkill));
    EXPECT_EQ(task.ready(fd, pollin | pollout), pollin);
    EXPECT_EQ(task.call(Call::epoll_pwait, epoll, event, 1, 0, nullptr, 8), 1);
  });
}

TEST_P(Pidfd, WaitsForTheLastThread) {
  check([](Task& task) {
    int child = task.fork([](Task& leader) {
      leader.thread([](Task& thread) { thread.sleep(10 * millisecond); });
      leader.call(Call::exit, 0);
    });
    int fd = open_pidfd(task, child);
    task.sleep(5 * millisecond);
    EXPECT_EQ(task.ready(fd, pollin), 0);
    task.sleep(10 * millisecond);
    EXPECT_EQ(task.ready(fd, pollin), pollin);
    task.wait(child);
  });
}

TEST_P(Pidfd, OpensProcessesOnly) {
  check([](Task& task) {
    auto open = [&](int pid, uint32_t flags = 0) { return task.call(Call::pidfd_open, pid, flags); };
    EXPECT_EQ(open(0), fails::inval);
    EXPECT_EQ(open(-1), fails::inval);
    EXPECT_EQ(open(task.pid(), 1), fails::inval);
    EXPECT_EQ(open(99999), fails::srch);
    UserAddr done = task.put(uint32_t{1});
    EXPECT_EQ(open(task.thread([](Task& thread) { thread.sleep(millisecond); }, done)), fails::inval);
    task.join(done);
    int zombie = task.fork([](Task&) {});
    task.sleep(millisecond);
    EXPECT_GT(open(zombie), 2);
    task.wait(zombie);
    EXPECT_EQ(open(zombie), fails::srch);
    // An id that only a group has any more.
    int leader = task.fork([](Task& child) { child.sleep(millisecond); });
    task.call(Call::setpgid, leader, leader);
    int member = task.sleeper();
    task.call(Call::setpgid, member, leader);
    task.wait(leader);
    EXPECT_EQ(open(leader), fails::inval);
    task.kill(member, sigkill);
    task.wait(member);
    task.call(Call::setrlimit, rlimit_nofile, task.put(Rlimit{3, 3}));
    EXPECT_EQ(open(task.pid()), fails::mfile);
  });
}

TEST_P(Pidfd, IsAFileWithoutContents) {
  check([](Task& task) {
    int fd = open_pidfd(task, task.pid(), o_nonblock);
    EXPECT_EQ(task.read(fd), "EINVAL");
    EXPECT_EQ(task.write(fd, "x"), fails::inval);
    EXPECT_EQ(task.call(Call::lseek, fd, 0, seek_cur), fails::spipe);
    EXPECT_EQ(task.call(Call::fcntl, fd, f_getfd), fd_cloexec);
    EXPECT_EQ(task.call(Call::fcntl, fd, f_getfl), o_rdwr | o_nonblock);
  });
}

TEST_P(Pidfd, ProcTellsThePid) {
  check_in_proc([](Task& task) {
    int child = task.sleeper();
    int fd = open_pidfd(task, child);
    EXPECT_EQ(task.readlink("/proc/self/fd/" + std::to_string(fd)), "anon_inode:[pidfd]");
    auto info = [&] { return task.read(task.open("/proc/self/fdinfo/" + std::to_string(fd))); };
    std::string pid = std::to_string(child);
    EXPECT_NE(info().find("\nPid:\t" + pid + "\nNSpid:\t" + pid + "\n"), std::string::npos) << info();
    task.kill(child, sigkill);
    task.wait(child);
    EXPECT_NE(info().find("\nPid:\t-1\nNSpid:\t-1\n"), std::string::npos) << info();
  });
}

TEST_P(Pidfd, CloneGivesOneToTheParentOnly) {
  check([](Task& task) {
    UserAddr place = task.put(-1);
    Outcome child = clone_with_pidfd(task, place, [](Task& other) {
      EXPECT_EQ(other.call(Call::fcntl, 3, f_getfd), fails::badf);
      other.exit(4);
    });
    int fd = task.get<int>(place);
    EXPECT_EQ(fd, 3);
    EXPECT_EQ(task.call(Call::fcntl, fd, f_getfd), fd_cloexec);
    EXPECT_EQ(task.call(Call::fcntl, fd, f_getfl), o_rdwr);
    UserAddr info = task.put(Siginfo{});
    EXPECT_EQ(task.call(Call::waitid, p_pidfd, fd, info, wexited, nullptr), ok);
    EXPECT_EQ(task.get<Siginfo>(info).pid, child);
    EXPECT_EQ(task.get<Siginfo>(info).status, 4);
    // With a shared table the child has it, too.
    child = clone_with_pidfd(task, place, [](Task& other) { EXPECT_EQ(open_pidfd(other, other.pid()), 5); }, clone_files);
    EXPECT_EQ(task.get<int>(place), 4);
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Pidfd, CloneThatFailsLeavesNothing) {
  check([](Task& task) {
    UserAddr place = task.put(-1);
    auto attempt = [&](UserAddr to, uint64_t flags = 0) {
      return task.clone({.flags = clone_pidfd | flags | sigchld, .parent_tid = to}, [](Task& child) { child.exit(1); });
    };
    EXPECT_EQ(attempt(8), fails::fault);
    EXPECT_EQ(attempt(place, clone_parent_settid), fails::inval);
    EXPECT_EQ(attempt(place, clone_detached), fails::inval);
    EXPECT_EQ(attempt(place, clone_vm | clone_sighand | clone_thread), fails::inval);
    EXPECT_EQ(task.get<int>(place), -1);
    EXPECT_EQ(task.call(Call::dup, 0), 3);
    task.call(Call::setrlimit, rlimit_nofile, task.put(Rlimit{4, 4}));
    EXPECT_EQ(attempt(place), fails::mfile);
    EXPECT_EQ(task.call(Call::wait4, -1, 0, wall, 0), fails::child);
  });
}

TEST_P(Pidfd, WaitidTakesOne) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.sleep(5 * millisecond); });
    int fd = open_pidfd(task, child, o_nonblock);
    EXPECT_EQ(wait_by(task, fd), fails::again);
    EXPECT_EQ(wait_by(task, fd, wexited | wnohang), ok);
    task.call(Call::fcntl, fd, f_setfl, 0);
    EXPECT_EQ(wait_by(task, fd, wexited | wnowait), ok);
    task.call(Call::fcntl, fd, f_setfl, o_nonblock);
    EXPECT_EQ(wait_by(task, fd), ok);
    EXPECT_EQ(wait_by(task, fd), fails::child);
    EXPECT_EQ(wait_by(task, open_pidfd(task, task.pid())), fails::child);
    EXPECT_EQ(wait_by(task, 0), fails::badf);
    EXPECT_EQ(wait_by(task, 99), fails::badf);
    EXPECT_EQ(wait_by(task, -1), fails::inval);
  });
}

TEST_P(Pidfd, WaitidTellsOfStopsToo) {
  check([](Task& task) {
    int child = task.sleeper();
    int fd = open_pidfd(task, child);
    EXPECT_EQ(send(task, fd, sigstop), ok);
    EXPECT_EQ(wait_by(task, fd, wstopped), ok);
    EXPECT_EQ(send(task, fd, sigkill), ok);
    EXPECT_EQ(wait_by(task, fd), ok);
  });
}

TEST_P(Pidfd, WaitidWritesItsInfoEvenWithAnError) {
  check([](Task& task) {
    Siginfo info{};
    info.number = info.code = info.pid = info.status = 7;
    UserAddr place = task.put(info);
    EXPECT_EQ(task.call(Call::waitid, p_all, 0, place, wexited, nullptr), fails::child);
    EXPECT_EQ(task.get<Siginfo>(place).number, 0);
    EXPECT_EQ(task.get<Siginfo>(place).pid, 0);
    EXPECT_EQ(task.get<Siginfo>(place).status, 0);
    EXPECT_EQ(task.call(Call::waitid, 99, 0, 8, wexited, nullptr), fails::fault);
  });
}

TEST_P(Pidfd, SendsSignals) {
  check([](Task& task) {
    int got = 0, code = 1, sender = 0;
    task.handle(sigusr1, [&](Task& handler, const Task::Delivery& delivery) {
      auto info = handler.get<Siginfo>(delivery.info);
      got = delivery.signal, code = info.code, sender = info.pid;
    });
    int fd = open_pidfd(task, task.pid());
    EXPECT_EQ(send(task, fd, sigusr1), ok);
    EXPECT_EQ(got, sigusr1);
    EXPECT_EQ(code, si_user);
    EXPECT_EQ(sender, task.pid());
    EXPECT_EQ(send(task, fd, 0), ok);
    EXPECT_EQ(send(task, fd, 65), fails::inval);
    EXPECT_EQ(send(task, fd, -1), fails::inval);
    EXPECT_EQ(send(task, fd, sigusr1, 0, 1), fails::inval);
    EXPECT_EQ(send(task, 0, sigusr1), fails::badf);
    EXPECT_EQ(send(task, 99, sigusr1), fails::badf);
  });
}

TEST_P(Pidfd, SendsWhatRtSigqueueinfoMay) {
  check([](Task& task) {
    int child = task.sleeper();
    int code = 1;
    uint64_t value = 0;
    task.handle(
        sigusr1,
        [&](Task& handler, const Task::Delivery& delivery) {
          auto info = handler.get<Siginfo>(delivery.info);
          code = info.code, value = info.value;
        },
        4);  // SA_SIGINFO
    int own = open_pidfd(task, task.pid());
    Siginfo info{};
    info.number = sigusr1;
    info.code = si_queue;
    info.value = 0x1234;
    EXPECT_EQ(send(task, own, sigusr1, task.put(info)), ok);
    EXPECT_EQ(code, si_queue);
    EXPECT_EQ(value, 0x1234u);
    EXPECT_EQ(send(task, own, sigusr2, task.put(info)), fails::inval);  // not the info's number
    int fd = open_pidfd(task, child);
    info.code = si_user;
    EXPECT_EQ(send(task, own, sigusr1, task.put(info)), ok);
    EXPECT_EQ(send(task, fd, sigusr1, task.put(info)), fails::perm);
    info.code = si_tkill;
    EXPECT_EQ(send(task, fd, sigusr1, task.put(info)), fails::perm);
    info.code = si_queue;
    EXPECT_EQ(send(task, fd, sigusr1, task.put(info)), ok);
    EXPECT_EQ(task.wait(child), killed(sigusr1));
  });
}

TEST_P(Pidfd, ChecksWhoSends) {
  check([](Task& task) {
    int child = task.sleeper();
    int fd = open_pidfd(task, child);
    task.in_child([fd](Task& stranger) {
      EXPECT_EQ(stranger.call(Call::setuid, 1000), ok);
      EXPECT_EQ(send(stranger, fd, sigkill), fails::perm);
      EXPECT_EQ(send(stranger, fd, 0), fails::perm);
    });
    EXPECT_EQ(send(task, fd, sigkill), ok);
    EXPECT_EQ(wait_by(task, fd, wexited | wnowait), ok);
    EXPECT_EQ(send(task, fd, sigkill), ok);  // it is still there
    EXPECT_EQ(wait_by(task, fd), ok);
    EXPECT_EQ(send(task, fd, sigkill), fails::srch);
    EXPECT_EQ(send(task, fd, 65), fails::srch);
  });
}

TEST_P(Pidfd, DirectoriesOfProcWillDo) {
  check_in_proc([](Task& task) {
    int child = task.sleeper();
    std::string directory = "/proc/" + std::to_string(child);
    int fd = task.open(directory, o_directory);
    EXPECT_EQ(send(task, task.open(directory, o_path), 0), fails::badf);
    EXPECT_EQ(send(task, task.open(directory + "/task/" + std::to_string(child)), 0), fails::badf);
    EXPECT_EQ(send(task, task.open(directory + "/fd"), 0), fails::badf);
    EXPECT_EQ(send(task, task.open("/proc"), 0), fails::badf);
    EXPECT_EQ(wait_by(task, fd), fails::badf);
    EXPECT_EQ(task.call(Call::pidfd_getfd, fd, 0, 0), fails::badf);
    EXPECT_EQ(send(task, fd, sigterm), ok);
    EXPECT_EQ(task.wait(child), killed(sigterm));
    EXPECT_EQ(send(task, fd, 0), fails::srch);
  });
}

TEST_P(Pidfd, GetfdTakesAnothersFile) {
  check([](Task& task) {
    auto pipe = task.pipe();
    int child = task.fork([](Task& other) {
      EXPECT_EQ(other.create("/tmp/theirs", "hello"), 5);
      other.pause();
    });
    int fd = open_pidfd(task, child);
    task.sleep(millisecond);
    auto get = [&](int from, int which, uint32_t flags = 0) { return task.call(Call::pidfd_getfd, from, which, flags); };
    int file = get(fd, 5);
    EXPECT_EQ(file, fd + 1);
    EXPECT_EQ(task.call(Call::fcntl, file, f_getfd), fd_cloexec);
    task.call(Call::lseek, file, 0, seek_set);
    EXPECT_EQ(task.read(file), "hello");
    EXPECT_EQ(get(fd, 6), fails::badf);
    EXPECT_EQ(get(fd, -1), fails::badf);
    EXPECT_EQ(get(fd, 5, 1), fails::inval);
    EXPECT_EQ(get(pipe.in, 5), fails::badf);
    task.in_child([fd](Task& stranger) {
      EXPECT_EQ(stranger.call(Call::setuid, 1000), ok);
      EXPECT_EQ(stranger.call(Call::pidfd_getfd, fd, 5, 0), fails::perm);
    });
    task.call(Call::setrlimit, rlimit_nofile, task.put(Rlimit{static_cast<uint64_t>(file) + 1, 100}));
    EXPECT_EQ(get(fd, 5), fails::mfile);
    task.close(file);
    task.kill(child, sigkill);
    EXPECT_EQ(wait_by(task, fd, wexited | wnowait), ok);
    EXPECT_EQ(get(fd, 5), fails::srch);
    EXPECT_EQ(wait_by(task, fd), ok);
    EXPECT_EQ(get(fd, 5), fails::srch);
  });
}

// Somebody else may look for descriptors while one is reserved for the child's pidfd.
TEST_P(Pidfd, ClonesOfManyThreadsKeepTheirDescriptorsApart) {
  check({.cpus = 4, .slice_blocks = 50}, [](Task& task) {
    constexpr int threads = 4, rounds = 10;
    std::vector<UserAddr> done;
    for (int index = 0; index < threads; ++index) {
      done.push_back(task.map(page));
      task.set(done.back(), uint32_t{1});
      task.thread(
          [](Task& thread) {
            for (int round = 0; round < rounds; ++round) {
              UserAddr place = thread.put(-1);
              Outcome child = clone_with_pidfd(thread, place, [](Task&) {});
              int fd = thread.get<int>(place);
              EXPECT_EQ(wait_by(thread, fd), ok);
              EXPECT_EQ(thread.call(Call::wait4, child, 0, 0, 0), fails::child);
              EXPECT_EQ(thread.close(fd), ok);
            }
          },
          done.back());
    }
    for (UserAddr each : done) task.join(each);
    EXPECT_EQ(task.call(Call::dup, 0), 3);
  });
}

}  // namespace
}  // namespace halcyon::test
