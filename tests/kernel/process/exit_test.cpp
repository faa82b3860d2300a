// How programs end, and what their parents learn: exit(2), exit_group(2), wait4(2), waitid(2).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Exit);

TEST_P(Exit, StatusReachesTheStarter) {
  EXPECT_EQ(run([](Task& task) { task.exit(42); }), exited(42));
}

TEST_P(Exit, OnlyTheLowByteCounts) {
  EXPECT_EQ(run([](Task& task) { task.exit(0x1234); }), exited(0x34));
  EXPECT_EQ(run([](Task& task) { task.exit(-1); }), exited(255));
}

TEST_P(Exit, OfTheLastThreadEndsTheProcess) {
  EXPECT_EQ(run([](Task& task) {
              UserAddr done = task.room(4);
              task.thread([](Task& thread) { thread.call(Call::exit, 5); }, done);
              task.join(done);
              task.call(Call::exit, 7);
            }),
            exited(7));
}

TEST_P(Exit, OfTheMainThreadLeavesTheOthers) {
  check([](Task& task) {
    auto pipe = task.pipe();
    int child = task.fork([pipe](Task& leader) {
      leader.thread([pipe](Task& thread) {
        thread.sleep(10 * millisecond);
        thread.write(pipe.out, "still here");
        thread.call(Call::exit, 9);
      });
      leader.call(Call::exit, 3);
    });
    EXPECT_EQ(task.call(Call::wait4, child, 0, wnohang, 0), 0);
    task.sleep(millisecond);
    EXPECT_EQ(task.call(Call::wait4, child, 0, wnohang, 0), 0);  // no zombie yet
    EXPECT_EQ(task.wait(child), exited(9));                      // the last one decides
    EXPECT_EQ(task.read(pipe.in), "still here");
  });
}

TEST_P(Exit, GroupEndsEveryThread) {
  EXPECT_EQ(run([](Task& task) {
              for (int index = 0; index < 5; ++index) task.thread([](Task& thread) { thread.sleep(1000 * second); });
              task.thread([](Task& thread) {
                for (;;) thread.work(millisecond);
              });
              task.thread([](Task& thread) { thread.call(Call::exit_group, 11); });
              task.read(task.pipe().in);
            }),
            exited(11));
}

KERNEL_TESTS(Wait);

TEST_P(Wait, ReportsTheChildOnce) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.exit(3); });
    EXPECT_EQ(task.wait(child), exited(3));
    EXPECT_EQ(task.call(Call::wait4, child, 0, 0, 0), fails::child);
    EXPECT_EQ(task.call(Call::wait4, -1, 0, 0, 0), fails::child);
  });
}

TEST_P(Wait, ReportsASignal) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.sleep(1000 * second); });
    EXPECT_EQ(task.kill(child, sigterm), ok);
    EXPECT_EQ(task.wait(child), killed(sigterm));
  });
}

TEST_P(Wait, SelectsByPid) {
  check([](Task& task) {
    int first = task.fork([](Task& other) { other.exit(1); });
    int second_child = task.fork([](Task& other) { other.exit(2); });
    EXPECT_EQ(task.wait(second_child), exited(2));
    EXPECT_EQ(task.wait(first), exited(1));
  });
}

TEST_P(Wait, SelectsByProcessGroup) {
  check([](Task& task) {
    int own = task.fork([](Task& other) { other.exit(1); });
    int leader = task.fork([](Task& other) {
      other.call(Call::setpgid, 0, 0);
      other.sleep(5 * millisecond);
      other.exit(2);
    });
    task.sleep(millisecond);
    EXPECT_EQ(task.call(Call::wait4, -leader, 0, 0, 0), leader);
    EXPECT_EQ(task.call(Call::wait4, -leader, 0, 0, 0), fails::child);
    EXPECT_EQ(task.call(Call::wait4, 0, 0, 0, 0), own);
  });
}

TEST_P(Wait, NohangReturnsZeroForRunningChildren) {
  check([](Task& task) {
    EXPECT_EQ(task.call(Call::wait4, -1, 0, wnohang, 0), fails::child);
    int child = task.fork([](Task& other) { other.sleep(millisecond); });
    UserAddr status = task.put(0x5555);
    EXPECT_EQ(task.call(Call::wait4, -1, status, wnohang, 0), 0);
    EXPECT_EQ(task.get<int>(status), 0x5555);
    task.sleep(2 * millisecond);
    EXPECT_EQ(task.call(Call::wait4, -1, status, wnohang, 0), child);
    EXPECT_EQ(task.get<int>(status), exited(0));
  });
}

TEST_P(Wait, RejectsWhatTheManualSays) {
  check([](Task& task) {
    task.fork([](Task& other) { other.sleep(second); });
    EXPECT_EQ(task.call(Call::wait4, -1, 0, 0x100, 0), fails::inval);
    EXPECT_EQ(task.call(Call::wait4, INT32_MIN, 0, 0, 0), fails::srch);
    EXPECT_EQ(task.call(Call::wait4, 99999, 0, 0, 0), fails::child);
    UserAddr info = task.room(sizeof(Siginfo));
    EXPECT_EQ(task.call(Call::waitid, p_all, 0, info, wnohang, 0), fails::inval);  // waits for nothing
    EXPECT_EQ(task.call(Call::waitid, 9, 0, info, wexited, 0), fails::inval);
    EXPECT_EQ(task.call(Call::waitid, p_pid, 0, info, wexited, 0), fails::inval);
    EXPECT_EQ(task.call(Call::waitid, p_pid, -5, info, wexited, 0), fails::inval);
    EXPECT_EQ(task.call(Call::waitid, p_pid, 99999, info, wexited, 0), fails::child);
    EXPECT_EQ(task.call(Call::wait4, -1, 0, wnohang, 0), 0);
  });
}

TEST_P(Wait, ABadStatusPointerIsAFault) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.exit(1); });
    EXPECT_EQ(task.call(Call::wait4, child, 8, 0, 0), fails::fault);
    EXPECT_EQ(task.call(Call::wait4, child, 0, 0, 0), fails::child);  // it is gone all the same
  });
}

TEST_P(Wait, ManyChildrenAllAreReported) {
  check([](Task& task) {
    uint64_t seen = 0;
    for (int index = 0; index < 50; ++index)
      task.fork([index](Task& other) {
        other.sleep((index * 7 % 13) * millisecond);
        other.exit(index);
      });
    for (int index = 0; index < 50; ++index) seen |= uint64_t{1} << (task.wait() >> 8);
    EXPECT_EQ(seen, (uint64_t{1} << 50) - 1);
    EXPECT_EQ(task.call(Call::wait4, -1, 0, 0, 0), fails::child);
  });
}

TEST_P(Wait, WaitidFillsInEverything) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.exit(77); });
    UserAddr place = task.room(sizeof(Siginfo));
    EXPECT_EQ(task.call(Call::waitid, p_pid, child, place, wexited | wnowait, 0), ok);
    auto info = task.get<Siginfo>(place);
    EXPECT_EQ(info.number, sigchld);
    EXPECT_EQ(info.code, cld_exited);
    EXPECT_EQ(info.pid, child);
    EXPECT_EQ(info.status, 77);
    EXPECT_EQ(info.uid, 0u);
    // WNOWAIT left it there.
    EXPECT_EQ(task.call(Call::waitid, p_all, 0, place, wexited, 0), ok);
    EXPECT_EQ(task.call(Call::waitid, p_all, 0, place, wexited, 0), fails::child);
    int other = task.fork([](Task& victim) { victim.raise(sigkill); });
    EXPECT_EQ(task.call(Call::waitid, p_all, 0, place, wexited, 0), ok);
    info = task.get<Siginfo>(place);
    EXPECT_EQ(info.code, cld_killed);
    EXPECT_EQ(info.pid, other);
    EXPECT_EQ(info.status, sigkill);
  });
}

TEST_P(Wait, WaitidNohangClearsTheInfo) {
  check([](Task& task) {
    task.fork([](Task& other) { other.sleep(second); });
    Siginfo junk{};
    junk.number = 5, junk.pid = 5;
    UserAddr place = task.put(junk);
    EXPECT_EQ(task.call(Call::waitid, p_all, 0, place, wexited | wnohang, 0), ok);
    EXPECT_EQ(task.get<Siginfo>(place).number, 0);
    EXPECT_EQ(task.get<Siginfo>(place).pid, 0);
  });
}

TEST_P(Wait, ReportsStopAndContinue) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.sleep(1000 * second); });
    EXPECT_EQ(task.kill(child, sigstop), ok);
    UserAddr status = task.room(4);
    EXPECT_EQ(task.call(Call::wait4, child, status, wuntraced, 0), child);
    EXPECT_EQ(task.get<int>(status), stopped(sigstop));
    EXPECT_EQ(task.call(Call::wait4, child, status, wuntraced | wnohang, 0), 0);  // told once
    EXPECT_EQ(task.kill(child, sigcont), ok);
    EXPECT_EQ(task.call(Call::wait4, child, status, wcontinued, 0), child);
    EXPECT_EQ(task.get<int>(status), continued);
    EXPECT_EQ(task.kill(child, sigkill), ok);
    EXPECT_EQ(task.wait(child), killed(sigkill));
  });
}

TEST_P(Wait, AnEndedChildHasNothingElseToTell) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.exit(3); });
    task.sleep(millisecond);
    UserAddr info = task.room(sizeof(Siginfo));
    EXPECT_EQ(task.call(Call::waitid, p_pid, child, info, wuntraced, 0), fails::child);
    EXPECT_EQ(task.call(Call::waitid, p_all, 0, info, wcontinued | wnohang, 0), fails::child);
    EXPECT_EQ(task.wait(child), exited(3));
  });
}

TEST_P(Wait, AChildIsContinuedAsSoonAsItIsToldSo) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.raise(sigstop); });
    UserAddr status = task.room(4);
    EXPECT_EQ(task.call(Call::wait4, child, status, wuntraced, 0), child);
    EXPECT_EQ(task.kill(child, sigcont), ok);
    EXPECT_EQ(task.call(Call::wait4, child, status, wcontinued | wnohang, 0), child);  // it has not run yet
    EXPECT_EQ(task.get<int>(status), continued);
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Wait, AStoppedChildThatIsKilledIsNotReportedAsStopped) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.raise(sigstop); });
    task.sleep(millisecond);
    EXPECT_EQ(task.kill(child, sigkill), ok);
    EXPECT_EQ(task.call(Call::wait4, child, 0, wuntraced | wnohang, 0), 0);
    EXPECT_EQ(task.wait(child), killed(sigkill));
  });
}

TEST_P(Wait, WithoutUntracedAStopIsNoEvent) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.raise(sigstop); });
    task.sleep(millisecond);
    EXPECT_EQ(task.call(Call::wait4, child, 0, wnohang, 0), 0);
    EXPECT_EQ(task.kill(child, sigcont), ok);
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Wait, IsInterruptedByAHandler) {
  check([](Task& task) {
    task.fork([](Task& other) { other.sleep(1000 * second); });
    task.handle(sigusr1, [](Task&, const Task::Delivery&) {});
    int self = task.pid();
    task.fork([self](Task& other) {
      other.sleep(millisecond);
      other.kill(self, sigusr1);
      other.sleep(1000 * second);
    });
    EXPECT_EQ(task.call(Call::wait4, -1, 0, 0, 0), fails::intr);
  });
}

TEST_P(Wait, AChildOfAThreadIsTheProcesssChild) {
  check([](Task& task) {
    UserAddr child = task.put(0);
    UserAddr done = task.room(4);
    task.thread([child](Task& thread) { thread.set(child, thread.fork([](Task& other) { other.exit(6); })); }, done);
    task.join(done);
    EXPECT_EQ(task.wait(task.get<int>(child)), exited(6));
  });
}

TEST_P(Wait, TwoThreadsWaitForTwoChildren) {
  check([](Task& task) {
    UserAddr done = task.room(4), sum = task.put(uint32_t{0});
    for (int index = 1; index <= 2; ++index)
      task.fork([index](Task& other) {
        other.sleep(index * millisecond);
        other.exit(index);
      });
    task.thread([sum](Task& thread) { thread.user().fetch_add(sum, static_cast<uint32_t>(thread.wait() >> 8)); }, done);
    task.user().fetch_add(sum, static_cast<uint32_t>(task.wait() >> 8));
    task.join(done);
    EXPECT_EQ(task.get<int>(sum), 3);
  });
}

TEST_P(Wait, CloneChildrenNeedTheirFlag) {
  check([](Task& task) {
    Outcome child = task.clone({.flags = 0}, [](Task& other) { other.exit(4); });  // no exit signal
    EXPECT_EQ(task.call(Call::wait4, -1, 0, 0, 0), fails::child);
    UserAddr status = task.room(4);
    EXPECT_EQ(task.call(Call::wait4, -1, status, wclone, 0), child);
    EXPECT_EQ(task.get<int>(status), exited(4));
    Outcome other = task.clone({.flags = 0}, [](Task&) {});
    EXPECT_EQ(task.call(Call::wait4, other, 0, wall, 0), other);
  });
}

TEST_P(Wait, TellsTheChildsUseOfResources) {
  check([](Task& task) {
    int child = task.fork([](Task& other) { other.work(50 * millisecond); });
    UserAddr usage = task.room(sizeof(Rusage));
    EXPECT_EQ(task.call(Call::wait4, child, 0, 0, usage), child);
    auto use = task.get<Rusage>(usage);
    int64_t user_time = use.user_time.seconds * second + use.user_time.microseconds * microsecond;
    EXPECT_GE(user_time, 40 * millisecond);
    EXPECT_LE(user_time, 60 * millisecond);
    EXPECT_EQ(task.call(Call::getrusage, -1, usage), ok);  // RUSAGE_CHILDREN
    EXPECT_EQ(task.get<Rusage>(usage).user_time.microseconds, use.user_time.microseconds);
  });
}

}  // namespace
}  // namespace halcyon::test
