// Parents and children: orphans, zombies that nobody wants, process groups and sessions.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Family);

TEST_P(Family, IdsMakeSense) {
  check([](Task& task) {
    int self = task.pid();
    EXPECT_EQ(self, 2);
    EXPECT_EQ(task.call(Call::getppid), 1);
    EXPECT_EQ(task.call(Call::gettid), self);
    int child = task.fork([self](Task& other) {
      EXPECT_EQ(other.call(Call::getppid), self);
      EXPECT_EQ(other.call(Call::gettid), other.pid());
      EXPECT_NE(other.pid(), self);
    });
    EXPECT_GT(child, self);
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Family, OrphansBelongToInit) {
  check([](Task& task) {
    auto pipe = task.pipe();
    task.wait(task.fork([pipe](Task& parent) {
      parent.fork([pipe](Task& orphan) {
        orphan.sleep(5 * millisecond);
        orphan.write(pipe.out, orphan.call(Call::getppid) == 1 ? "init" : "somebody else");
      });
    }));
    EXPECT_EQ(task.read(pipe.in), "init");
  });
}

TEST_P(Family, InitReapsOrphans) {
  check([](Task& task) {
    for (int index = 0; index < 20; ++index)
      task.wait(task.fork([](Task& parent) { parent.fork([](Task& orphan) { orphan.sleep(millisecond); }); }));
    task.sleep(10 * millisecond);
    EXPECT_EQ(task.world().kernel().processes().size(), 2u);
  });
}

TEST_P(Family, ASubreaperInheritsItsDescendants) {
  check([](Task& task) {
    EXPECT_EQ(task.call(Call::prctl, pr_set_child_subreaper, 1, 0, 0, 0), ok);
    int middle = task.fork([](Task& parent) {
      parent.fork([](Task& orphan) {
        orphan.sleep(5 * millisecond);
        orphan.exit(orphan.call(Call::getppid));
      });
    });
    EXPECT_EQ(task.wait(middle), exited(0));
    EXPECT_EQ(task.wait(), exited(task.pid()));
  });
}

TEST_P(Family, IgnoredChildrenLeaveNoZombie) {
  check([](Task& task) {
    task.ignore(sigchld);
    for (int index = 0; index < 3; ++index) task.fork([](Task&) {});
    // wait(2): blocks until all children are gone, then ECHILD.
    EXPECT_EQ(task.call(Call::wait4, -1, 0, 0, 0), fails::child);
    EXPECT_EQ(task.world().kernel().processes().size(), 2u);
  });
}

TEST_P(Family, NocldwaitLeavesNoZombieButSignals) {
  check([](Task& task) {
    int signals = 0;
    task.handle(sigchld, [&](Task&, const Task::Delivery&) { ++signals; }, sa_nocldwait | sa_restart);
    task.fork([](Task&) {});
    EXPECT_EQ(task.call(Call::wait4, -1, 0, 0, 0), fails::child);
    EXPECT_EQ(signals, 1);
  });
}

TEST_P(Family, TheChildsEndIsSignalled) {
  check([](Task& task) {
    std::vector<Siginfo> told;
    task.handle(sigchld, [&](Task& handler, const Task::Delivery& delivery) { told.push_back(handler.get<Siginfo>(delivery.info)); });
    int child = task.fork([](Task& other) { other.exit(5); });
    task.sleep(second);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].code, cld_exited);
    EXPECT_EQ(told[0].pid, child);
    EXPECT_EQ(told[0].status, 5);
    EXPECT_EQ(task.wait(child), exited(5));
    child = task.fork([](Task& other) { other.raise(sigterm); });
    task.sleep(second);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[1].code, cld_killed);
    EXPECT_EQ(told[1].status, sigterm);
    EXPECT_EQ(task.wait(child), killed(sigterm));
  });
}

TEST_P(Family, TheExitSignalCanBeChosen) {
  check([](Task& task) {
    int number = 0;
    task.handle(sigusr2, [&](Task& handler, const Task::Delivery& delivery) { number = handler.get<Siginfo>(delivery.info).number; });
    Outcome child = task.clone({.flags = sigusr2}, [](Task&) {});
    task.sleep(millisecond);
    EXPECT_EQ(number, sigusr2);
    EXPECT_EQ(task.call(Call::wait4, child, 0, wall, 0), child);
  });
}

TEST_P(Family, TheParentsDeathIsSignalled) {
  check([](Task& task) {
    auto pipe = task.pipe();
    task.wait(task.fork([pipe](Task& parent) {
      auto ready = parent.pipe();
      parent.fork([pipe, ready](Task& child) {
        EXPECT_EQ(child.call(Call::prctl, pr_set_pdeathsig, sigusr1, 0, 0, 0), ok);
        child.handle(sigusr1, [pipe](Task& handler, const Task::Delivery&) { handler.write(pipe.out, "orphaned"); });
        child.write(ready.out, "x");
        child.sleep(second);
      });
      parent.read(ready.in, 1);
    }));
    EXPECT_EQ(task.read(pipe.in), "orphaned");
  });
}

TEST_P(Family, CloneParentMakesASibling) {
  check([](Task& task) {
    int self = task.pid();
    int child = task.fork([=](Task& other) {
      Outcome sibling =
          other.clone({.flags = clone_parent | sigchld}, [self](Task& third) { third.exit(third.call(Call::getppid) == self ? 8 : 9); });
      EXPECT_GT(sibling, 0);
      EXPECT_EQ(other.call(Call::wait4, -1, 0, 0, 0), fails::child);
    });
    EXPECT_EQ(task.wait(child), exited(0));
    EXPECT_EQ(task.wait(), exited(8));
  });
}

KERNEL_TESTS(Groups);

TEST_P(Groups, TheFirstProgramLeadsASession) {
  check([](Task& task) {
    int self = task.pid();
    EXPECT_EQ(task.call(Call::getsid, 0), self);
    EXPECT_EQ(task.call(Call::getpgid, 0), self);
    EXPECT_EQ(task.call(Call::setsid), fails::perm);
    EXPECT_EQ(task.in_child([self](Task& child) {
      EXPECT_EQ(child.call(Call::getsid, 0), self);
      EXPECT_EQ(child.call(Call::getpgid, 0), self);
      EXPECT_EQ(child.call(Call::setsid), child.pid());
      EXPECT_EQ(child.call(Call::getsid, 0), child.pid());
      EXPECT_EQ(child.call(Call::getpgid, 0), child.pid());
      EXPECT_EQ(child.call(Call::getsid, self), self);
    }),
              exited(0));
  });
}

TEST_P(Groups, SetpgidFollowsTheManual) {
  check([](Task& task) {
    auto go = task.pipe();
    int first = task.fork([go](Task& child) { child.read(go.in, 1); });
    int other = task.fork([go](Task& child) { child.read(go.in, 1); });
    EXPECT_EQ(task.call(Call::setpgid, first, 0), ok);
    EXPECT_EQ(task.call(Call::getpgid, first), first);
    EXPECT_EQ(task.call(Call::setpgid, other, first), ok);
    EXPECT_EQ(task.call(Call::getpgid, other), first);
    EXPECT_EQ(task.call(Call::setpgid, other, 77777), fails::perm);  // no such group in the session
    EXPECT_EQ(task.call(Call::setpgid, other, -1), fails::inval);
    EXPECT_EQ(task.call(Call::setpgid, 77777, 0), fails::srch);
    EXPECT_EQ(task.call(Call::setpgid, 1, 0), fails::srch);  // not a child
    EXPECT_EQ(task.call(Call::setpgid, 0, 0), fails::perm);  // a session leader
    EXPECT_EQ(task.call(Call::getpgid, 77777), fails::srch);
    EXPECT_EQ(task.call(Call::getsid, 77777), fails::srch);
    task.write(go.out, "xx");
    task.wait(), task.wait();
  });
}

TEST_P(Groups, AChildThatExecutedCannotBeMoved) {
  World world({.isa = isa()});
  world.install("/bin/next", [](Task& task) {
    task.write(task.call(Call::dup, 3), "x");
    task.sleep(second);
  });
  EXPECT_EQ(world.run([](Task& task) {
    auto pipe = task.pipe();
    int child = task.fork([pipe](Task& other) {
      other.dup2(pipe.out, 3);
      other.execve("/bin/next");
    });
    EXPECT_EQ(task.read(pipe.in, 1), "x");
    EXPECT_EQ(task.call(Call::setpgid, child, child), fails::acces);
    task.kill(child, sigkill);
    task.wait(child);
  }),
            exited(0));
}

TEST_P(Groups, KillReachesAWholeGroup) {
  check([](Task& task) {
    auto ready = task.pipe();
    int leader = task.fork([ready](Task& child) {
      child.call(Call::setpgid, 0, 0);
      for (int index = 0; index < 3; ++index)
        child.fork([ready](Task& member) {
          member.write(ready.out, "x");
          member.sleep(1000 * second);
        });
      child.write(ready.out, "x");
      child.sleep(1000 * second);
    });
    std::string all;
    while (all.size() < 4) all += task.read(ready.in, 4);
    EXPECT_EQ(task.kill(-leader, 0), ok);
    EXPECT_EQ(task.kill(-leader, sigterm), ok);
    EXPECT_EQ(task.wait(leader), killed(sigterm));
    task.sleep(millisecond);
    EXPECT_EQ(task.kill(-leader, 0), fails::srch);
  });
}

TEST_P(Groups, AnOrphanedStoppedGroupIsHungUpAndContinued) {
  check([](Task& task) {
    auto pipe = task.pipe();
    int parent = task.fork([pipe](Task& leader) {
      leader.call(Call::setsid);
      int child = leader.fork([pipe](Task& member) {
        member.call(Call::setpgid, 0, 0);
        member.handle(sighup, [pipe](Task& handler, const Task::Delivery&) { handler.write(pipe.out, "hup "); });
        member.handle(sigcont, [pipe](Task& handler, const Task::Delivery&) { handler.write(pipe.out, "cont "); });
        member.raise(sigstop);
        member.write(pipe.out, "goes on");
      });
      leader.call(Call::wait4, child, 0, wuntraced, 0);
    });
    EXPECT_EQ(task.wait(parent), exited(0));
    task.close(pipe.out);
    std::string text;
    for (std::string more; !(more = task.read(pipe.in)).empty();) text += more;
    EXPECT_EQ(text.size(), std::string_view("hup cont goes on").size());
    EXPECT_TRUE(text.ends_with("goes on")) << text;
  });
}

}  // namespace
}  // namespace halcyon::test
