// Waiting for signals (sigsuspend(2), pause(2), sigtimedwait(2)).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(SigWait);

TEST_P(SigWait, SuspendSwapsTheMask) {
  check([](Task& task) {
    std::string order;
    task.handle(sigusr1, [&](Task& handler, const Task::Delivery&) {
      order += "handler";
      EXPECT_EQ(handler.block(0), bit(sigusr2) | bit(sigusr1));  // the suspended mask and its own signal
    });
    task.block(bit(sigusr1));
    task.raise(sigusr1);
    EXPECT_EQ(order, "");
    EXPECT_EQ(task.suspend(bit(sigusr2)), fails::intr);
    EXPECT_EQ(order, "handler");
    EXPECT_EQ(task.block(0), bit(sigusr1));
  });
}

TEST_P(SigWait, SuspendGoesOnAfterIgnoredSignalsAndStops) {
  check([](Task& task) {
    int calls = 0;
    int child = task.fork([&](Task& other) {
      other.handle(sigusr1, [&](Task&, const Task::Delivery&) { ++calls; });
      EXPECT_EQ(other.suspend(0), fails::intr);
      EXPECT_EQ(calls, 1);
    });
    task.sleep(millisecond);
    task.kill(child, sigwinch);
    task.kill(child, sigstop);
    task.sleep(millisecond);
    task.kill(child, sigcont);
    task.sleep(millisecond);
    EXPECT_EQ(task.call(Call::wait4, child, 0, wnohang, 0), 0);
    task.kill(child, sigusr1);
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(SigWait, PauseReturnsAfterAHandler) {
  check([](Task& task) {
    task.handle(sigalrm, [](Task&, const Task::Delivery&) {}, sa_restart);
    EXPECT_EQ(task.call(Call::setitimer, itimer_real, task.put(Itimerval{{0, 0}, {0, 1000}}), nullptr), ok);
    EXPECT_EQ(task.pause(), fails::intr);  // even with SA_RESTART
    if (task.has(Call::pause)) {
      EXPECT_EQ(task.call(Call::setitimer, itimer_real, task.put(Itimerval{{0, 0}, {0, 1000}}), nullptr), ok);
      EXPECT_EQ(task.call(Call::pause), fails::intr);
    }
  });
}

TEST_P(SigWait, TimedwaitTakesAPendingSignal) {
  check([](Task& task) {
    task.block(bit(sigusr1) | bit(sigusr2));
    task.raise(sigusr2);
    UserAddr info = task.room(sizeof(Siginfo));
    EXPECT_EQ(task.call(Call::rt_sigtimedwait, task.put(bit(sigusr1) | bit(sigusr2)), info, 0, 8), sigusr2);
    EXPECT_EQ(task.get<Siginfo>(info).number, sigusr2);
    EXPECT_EQ(task.get<Siginfo>(info).pid, task.pid());
    EXPECT_EQ(task.pending(), 0u);
  });
}

TEST_P(SigWait, TimedwaitWaits) {
  check([](Task& task) {
    task.block(bit(sigusr1));
    task.fork([parent = task.pid()](Task& other) {
      other.sleep(5 * millisecond);
      other.kill(parent, sigusr1);
    });
    Nanoseconds before = task.now();
    EXPECT_EQ(task.call(Call::rt_sigtimedwait, task.put(bit(sigusr1)), 0, 0, 8), sigusr1);
    EXPECT_GE(task.now() - before, 4 * millisecond);
    task.wait();
  });
}

TEST_P(SigWait, TimedwaitTimesOut) {
  check([](Task& task) {
    task.block(bit(sigusr1));
    Nanoseconds before = task.now();
    EXPECT_EQ(task.call(Call::rt_sigtimedwait, task.put(bit(sigusr1)), 0, task.timespec(5 * millisecond), 8), fails::again);
    EXPECT_GE(task.now() - before, 5 * millisecond);
    EXPECT_EQ(task.call(Call::rt_sigtimedwait, task.put(bit(sigusr1)), 0, task.timespec(0), 8), fails::again);
    EXPECT_EQ(task.call(Call::rt_sigtimedwait, task.put(bit(sigusr1)), 0, task.put(Timespec{0, 1'000'000'000}), 8), fails::inval);
    EXPECT_EQ(task.call(Call::rt_sigtimedwait, task.put(bit(sigusr1)), 0, 0, 4), fails::inval);
    EXPECT_EQ(task.call(Call::rt_sigtimedwait, 8, 0, 0, 8), fails::fault);
  });
}

TEST_P(SigWait, TimedwaitIsInterruptedByOthers) {
  check([](Task& task) {
    task.block(bit(sigusr1));
    task.handle(sigusr2, [](Task&, const Task::Delivery&) {});
    task.fork([parent = task.pid()](Task& other) {
      other.sleep(millisecond);
      other.kill(parent, sigusr2);
    });
    EXPECT_EQ(task.call(Call::rt_sigtimedwait, task.put(bit(sigusr1)), 0, 0, 8), fails::intr);
    task.wait();
  });
}

TEST_P(SigWait, AWaitingThreadIsPreferred) {
  check([](Task& task) {
    task.set_mask(~uint64_t{0});
    UserAddr done = task.room(4);
    task.thread([](Task& thread) { EXPECT_EQ(thread.call(Call::rt_sigtimedwait, thread.put(bit(sigterm)), 0, 0, 8), sigterm); }, done);
    task.sleep(millisecond);
    task.kill(task.pid(), sigterm);
    task.join(done);
    EXPECT_EQ(task.pending(), 0u);
  });
}

}  // namespace
}  // namespace halcyon::test
