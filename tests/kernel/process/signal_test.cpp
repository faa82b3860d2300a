// Sending and taking signals: defaults, masks, queues, permissions (signal(7), kill(2), sigqueue(3)).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Signal);

TEST_P(Signal, DefaultActionsAreThoseOfTheManual) {
  check([](Task& task) {
    for (int signal = 1; signal <= sigrtmax; ++signal) {
      int child = task.fork([](Task& other) { other.sleep(10 * millisecond); });
      task.call(Call::setpgid, child, 0);  // a group that is not orphaned, or a terminal's signals would not stop it
      task.kill(child, signal);
      task.sleep(millisecond);
      UserAddr status = task.room(4);
      EXPECT_EQ(task.call(Call::wait4, child, status, wuntraced, 0), child);
      switch (signal) {
        case sigchld:
        case sigcont:
        case sigurg:
        case sigwinch: EXPECT_EQ(task.get<int>(status), exited(0)) << signal; break;
        case sigstop:
        case sigtstp:
        case sigttin:
        case sigttou:
          EXPECT_EQ(task.get<int>(status), stopped(signal));
          task.kill(child, sigkill);
          task.wait(child);
          break;
        default: EXPECT_EQ(task.get<int>(status) & 0x7f, signal);
      }
    }
  });
}

TEST_P(Signal, KillFollowsTheManual) {
  check([](Task& task) {
    EXPECT_EQ(task.kill(task.pid(), 0), ok);
    EXPECT_EQ(task.kill(99999, 0), fails::srch);
    EXPECT_EQ(task.kill(task.pid(), 65), fails::inval);
    EXPECT_EQ(task.kill(task.pid(), -1), fails::inval);
    EXPECT_EQ(task.kill(-99999, sigterm), fails::srch);
    EXPECT_EQ(task.kill(INT32_MIN, sigterm), fails::srch);
    EXPECT_EQ(task.call(Call::tkill, 0, sigterm), fails::inval);
    EXPECT_EQ(task.call(Call::tkill, 99999, 0), fails::srch);
    EXPECT_EQ(task.call(Call::tgkill, -1, 1, 0), fails::inval);
    EXPECT_EQ(task.call(Call::tgkill, 1, task.pid(), 0), fails::srch);  // another process's thread
    EXPECT_EQ(task.call(Call::tgkill, task.pid(), task.pid(), 0), ok);
  });
}

TEST_P(Signal, InitCannotBeKilled) {
  check([](Task& task) {
    for (int signal : {sigkill, sigterm, sigstop, sigsegv}) EXPECT_EQ(task.kill(1, signal), ok);
    task.sleep(millisecond);
    EXPECT_EQ(task.call(Call::getppid), 1);
    task.wait(task.fork([](Task& parent) { parent.fork([](Task&) {}); }));
    task.sleep(millisecond);
    EXPECT_EQ(task.world().kernel().processes().size(), 2u);  // it still reaps
  });
}

TEST_P(Signal, ZombiesAcceptSignals) {
  check([](Task& task) {
    int child = task.fork([](Task&) {});
    task.sleep(millisecond);
    EXPECT_EQ(task.kill(child, sigterm), ok);
    EXPECT_EQ(task.kill(child, 0), ok);
    EXPECT_EQ(task.wait(child), exited(0));
    EXPECT_EQ(task.kill(child, 0), fails::srch);
  });
}

TEST_P(Signal, MinusOneReachesEverybodyElse) {
  check([](Task& task) {
    for (int index = 0; index < 3; ++index) task.fork([](Task& other) { other.sleep(1000 * second); });
    task.sleep(millisecond);
    EXPECT_EQ(task.kill(-1, sigterm), ok);
    for (int index = 0; index < 3; ++index) EXPECT_EQ(task.wait(), killed(sigterm));
    EXPECT_EQ(task.call(Call::getppid), 1);
  });
}

TEST_P(Signal, UsersMaySignalOnlyTheirOwn) {
  check([](Task& task) {
    auto as = [&](uint32_t uid, Body body) {
      return task.fork([uid, body = std::move(body)](Task& child) {
        EXPECT_EQ(child.call(Call::setresuid, uid, uid, uid), ok);
        body(child);
      });
    };
    int other = as(2000, [](Task& child) { child.sleep(second); });
    int same = as(1000, [](Task& child) { child.sleep(second); });
    task.sleep(millisecond);
    int root = task.pid();
    EXPECT_EQ(task.wait(as(1000,
                           [=](Task& child) {
                             EXPECT_EQ(child.kill(other, sigterm), fails::perm);
                             EXPECT_EQ(child.kill(other, 0), fails::perm);
                             EXPECT_EQ(child.kill(root, sigterm), fails::perm);
                             EXPECT_EQ(child.kill(root, sigcont), ok);  // the same session
                             EXPECT_EQ(child.kill(same, sigterm), ok);
                           })),
              exited(0));
    EXPECT_EQ(task.wait(same), killed(sigterm));
    task.kill(other, sigkill);
    EXPECT_EQ(task.wait(other), killed(sigkill));
  });
}

TEST_P(Signal, MasksFollowTheManual) {
  check([](Task& task) {
    EXPECT_EQ(task.block(bit(sigusr1)), 0u);
    EXPECT_EQ(task.block(bit(sigusr2)), bit(sigusr1));
    EXPECT_EQ(task.unblock(bit(sigusr1)), bit(sigusr1) | bit(sigusr2));
    EXPECT_EQ(task.set_mask(~uint64_t{0}), bit(sigusr2));
    EXPECT_EQ(task.set_mask(0), ~(bit(sigkill) | bit(sigstop)));
    UserAddr set = task.put(uint64_t{0});
    EXPECT_EQ(task.call(Call::rt_sigprocmask, 7, set, 0, 8), fails::inval);
    EXPECT_EQ(task.call(Call::rt_sigprocmask, 7, 0, set, 8), ok);  // `how` does not count without a set
    EXPECT_EQ(task.call(Call::rt_sigprocmask, 0, set, 0, 16), fails::inval);
    EXPECT_EQ(task.call(Call::rt_sigprocmask, 0, 8, 0, 8), fails::fault);
    EXPECT_EQ(task.call(Call::rt_sigprocmask, 0, 0, 8, 8), fails::fault);
  });
}

TEST_P(Signal, BlockedSignalsWait) {
  check([](Task& task) {
    int calls = 0;
    task.handle(sigusr1, [&](Task&, const Task::Delivery&) { ++calls; });
    task.block(bit(sigusr1));
    for (int index = 0; index < 5; ++index) task.raise(sigusr1);
    EXPECT_EQ(task.pending(), bit(sigusr1));
    EXPECT_EQ(calls, 0);
    task.unblock(bit(sigusr1));
    EXPECT_EQ(calls, 1);  // a standard signal is pending once
    EXPECT_EQ(task.pending(), 0u);
  });
}

TEST_P(Signal, IgnoringDiscardsWhatIsPending) {
  check([](Task& task) {
    task.block(bit(sigusr1));
    task.raise(sigusr1);
    task.ignore(sigusr1);
    EXPECT_EQ(task.pending(), 0u);
    task.set_default(sigusr1);
    task.unblock(bit(sigusr1));
    // The same for the default of being ignored.
    task.block(bit(sigchld));
    task.handle(sigchld, [](Task&, const Task::Delivery&) { ADD_FAILURE(); });
    task.raise(sigchld);
    task.set_default(sigchld);
    EXPECT_EQ(task.pending(), 0u);
  });
}

TEST_P(Signal, AnIgnoredSignalThatIsBlockedStaysPending) {
  check([](Task& task) {
    task.ignore(sigusr1);
    task.block(bit(sigusr1));
    task.raise(sigusr1);
    EXPECT_EQ(task.pending(), bit(sigusr1));  // sigwait may want it
    task.unblock(bit(sigusr1));
    EXPECT_EQ(task.pending(), 0u);
  });
}

UserAddr queued_info(Task& task, int signal, uint64_t value) {
  Siginfo info{};
  info.number = signal;
  info.code = si_queue;
  info.pid = task.pid();
  info.value = value;
  return task.put(info);
}

TEST_P(Signal, RealTimeSignalsQueueInOrder) {
  check([](Task& task) {
    std::vector<std::pair<int, uint64_t>> taken;
    for (int signal : {sigrtmin, sigrtmin + 1})
      task.handle(
          signal,
          [&](Task& handler, const Task::Delivery& delivery) {
            auto info = handler.get<Siginfo>(delivery.info);
            EXPECT_EQ(info.code, si_queue);
            taken.emplace_back(info.number, info.value);
          },
          0, ~uint64_t{0});
    task.set_mask(~uint64_t{0});
    for (uint64_t value = 1; value <= 3; ++value)
      for (int signal : {sigrtmin + 1, sigrtmin})
        EXPECT_EQ(task.call(Call::rt_sigqueueinfo, task.pid(), signal, queued_info(task, signal, value * 10)), ok);
    // One at a time, so that frames do not reverse the order.
    while (task.pending() != 0) {
      UserAddr info = task.room(sizeof(Siginfo));
      Outcome got = task.call(Call::rt_sigtimedwait, task.put(~uint64_t{0}), info, 0, 8);
      taken.emplace_back(got, task.get<Siginfo>(info).value);
    }
    EXPECT_EQ(taken, (std::vector<std::pair<int, uint64_t>>{
                         {sigrtmin, 10}, {sigrtmin, 20}, {sigrtmin, 30}, {sigrtmin + 1, 10}, {sigrtmin + 1, 20}, {sigrtmin + 1, 30}}));
  });
}

TEST_P(Signal, QueueingIsLimited) {
  check_as_user([](Task& task) {
    constexpr int rlimit_sigpending = 11;
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_sigpending, task.put(Rlimit{4, 4}), nullptr), ok);
    task.block(~uint64_t{0});
    int sent = 0;
    while (sent < 100 && task.call(Call::rt_sigqueueinfo, task.pid(), sigrtmin, queued_info(task, sigrtmin, 1)) == ok) ++sent;
    EXPECT_EQ(sent, 4);
    EXPECT_EQ(task.call(Call::rt_sigqueueinfo, task.pid(), sigrtmin, queued_info(task, sigrtmin, 1)), fails::again);
    EXPECT_EQ(task.kill(task.pid(), sigusr1), ok);  // kill always succeeds
    EXPECT_NE(task.pending() & bit(sigusr1), 0u);
  });
}

TEST_P(Signal, SigqueueCannotPretend) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.sleep(second); });
    Siginfo info{};
    info.number = sigusr1;
    for (int code : {si_user, si_kernel, si_tkill}) {
      info.code = code;
      EXPECT_EQ(task.call(Call::rt_sigqueueinfo, child, sigusr1, task.put(info)), fails::perm) << code;
    }
    EXPECT_EQ(task.call(Call::rt_sigqueueinfo, child, 65, queued_info(task, 65, 1)), fails::inval);
    EXPECT_EQ(task.call(Call::rt_sigqueueinfo, 99999, sigusr1, queued_info(task, sigusr1, 1)), fails::srch);
    EXPECT_EQ(task.call(Call::rt_sigqueueinfo, child, sigusr1, 8), fails::fault);
    EXPECT_EQ(task.call(Call::rt_sigqueueinfo, child, sigusr1, queued_info(task, sigusr1, 1)), ok);
    EXPECT_EQ(task.wait(child), killed(sigusr1));
  });
}

TEST_P(Signal, ThreadSignalsStayWithTheirThread) {
  check([](Task& task) {
    UserAddr done = task.room(4);
    int taken_by = 0;
    task.handle(sigusr1, [&](Task& handler, const Task::Delivery&) { taken_by = handler.call(Call::gettid); });
    int tid = task.thread(
        [](Task& thread) {
          thread.block(bit(sigusr1));
          thread.sleep(5 * millisecond);
          EXPECT_EQ(thread.pending(), bit(sigusr1));
          thread.unblock(bit(sigusr1));
        },
        done);
    task.sleep(millisecond);
    EXPECT_EQ(task.call(Call::tgkill, task.pid(), tid, sigusr1), ok);
    EXPECT_EQ(task.pending(), 0u);
    task.join(done);
    EXPECT_EQ(taken_by, tid);
  });
}

TEST_P(Signal, ProcessSignalsGoToAThreadThatWantsThem) {
  check([](Task& task) {
    UserAddr done = task.room(4);
    int taken_by = 0;
    task.handle(sigusr1, [&](Task& handler, const Task::Delivery&) { taken_by = handler.call(Call::gettid); });
    task.block(bit(sigusr1));
    int tid = task.thread(
        [](Task& thread) {
          thread.unblock(bit(sigusr1));
          EXPECT_EQ(thread.call(Call::nanosleep, thread.timespec(second), 0), fails::intr);
        },
        done);
    task.sleep(millisecond);
    task.kill(task.pid(), sigusr1);
    task.join(done);
    EXPECT_EQ(taken_by, tid);
  });
}

TEST_P(Signal, AnotherThreadTakesWhatTheChosenOneBlocks) {
  check([](Task& task) {
    UserAddr done = task.room(4);
    std::string order;
    // While the first handler runs, the second signal is blocked in its thread: the other thread takes it.
    task.handle(
        sigusr1,
        [&](Task& handler, const Task::Delivery&) {
          handler.sleep(10 * millisecond);
          order += "first ";
        },
        0, ~uint64_t{0});
    task.handle(sigusr2, [&](Task&, const Task::Delivery&) { order += "second "; });
    task.thread(
        [](Task& thread) {
          thread.block(bit(sigusr1));
          thread.sleep(second);
        },
        done);
    task.fork([parent = task.pid()](Task& other) {
      other.sleep(millisecond);
      other.kill(parent, sigusr1);
      other.kill(parent, sigusr2);
    });
    task.sleep(5 * millisecond);
    task.wait();
    EXPECT_EQ(order, "second first ");
  });
}

TEST_P(Signal, ADeadlySignalToOneThreadKillsAll) {
  EXPECT_EQ(run([](Task& task) {
              int tid = task.thread([](Task& thread) { thread.sleep(1000 * second); });
              task.thread([](Task& thread) {
                for (;;) thread.work(millisecond);
              });
              task.sleep(millisecond);
              task.call(Call::tkill, tid, sigterm);
              task.sleep(1000 * second);
            }),
            killed(sigterm));
}

// One thread sends without end: the one that takes the signals advances, too.
TEST_P(Signal, ASenderLeavesTheReceiverItsShare) {
  for (unsigned cpus : {1u, 2u}) {
    check({.cpus = cpus}, [](Task& task) {
      constexpr int goal = 2000, most = 4 * goal;
      int installed = 0, sent = 0;
      task.handle(sigusr1, [](Task&, const Task::Delivery&) {});
      UserAddr action = task.room(64);
      EXPECT_EQ(task.call(Call::rt_sigaction, sigusr1, nullptr, action, 8), ok);
      UserAddr done = task.room(4);
      task.thread(
          [&](Task& sender) {
            int pid = sender.pid();
            while (installed < goal) {
              sender.kill(pid, sigusr1);
              ++sent;
            }
          },
          done);
      for (; installed < goal; ++installed) task.call(Call::rt_sigaction, sigusr1, action, nullptr, 8);
      task.join(done);
      EXPECT_LT(sent, most);
    });
  }
}

TEST_P(Signal, ALimitOnFilesTellsWhoSentIt) {
  check([](Task& task) {
    struct Rlimit {
      uint64_t soft, hard;
    };
    EXPECT_EQ(task.call(Call::prlimit64, 0, rlimit_fsize, task.put(Rlimit{10, 20}), 0), ok);
    int fd = task.create("/f");
    auto pipe = task.pipe();
    task.close(pipe.in);
    Siginfo told{};
    for (int signal : {sigxfsz, sigpipe})
      task.handle(signal, [&](Task& handler, const Task::Delivery& delivery) { told = handler.get<Siginfo>(delivery.info); });
    auto expect_told = [&](int number) {
      EXPECT_EQ(told.number, number);
      EXPECT_EQ(told.code, si_user);
      EXPECT_EQ(told.pid, task.pid());
      told = {};
    };
    EXPECT_EQ(task.write(fd, "0123456789abc"), 10);
    EXPECT_EQ(told.number, 0);
    EXPECT_EQ(task.write(fd, "x"), fails::fbig);
    expect_told(sigxfsz);
    EXPECT_EQ(task.call(Call::ftruncate, fd, 11), fails::fbig);
    expect_told(sigxfsz);
    EXPECT_EQ(task.write(pipe.out, "x"), fails::pipe);
    expect_told(sigpipe);
  });
}

}  // namespace
}  // namespace halcyon::test
