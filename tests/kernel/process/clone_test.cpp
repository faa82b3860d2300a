// clone(2), clone3(2), vfork(2): what is shared and what is copied, the tid words, errors.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Clone);

// Runs `child` by clone with `flags` and waits for it.
void clone_and_wait(Task& task, uint64_t flags, Body child) {
  Outcome pid = task.clone({.flags = flags | sigchld}, std::move(child));
  ASSERT_GT(pid, 0) << pid;
  EXPECT_EQ(task.wait(pid), exited(0));
}

TEST_P(Clone, DescriptorsAreCopiedOrShared) {
  check([](Task& task) {
    auto pipe = task.pipe();
    clone_and_wait(task, 0, [pipe](Task& child) { child.close(pipe.in); });
    task.write(pipe.out, "x");
    EXPECT_EQ(task.read(pipe.in), "x");
    clone_and_wait(task, clone_files, [pipe](Task& child) {
      child.close(pipe.in);
      EXPECT_EQ(child.call(Call::dup, 0), pipe.in);
    });
    EXPECT_EQ(task.read(pipe.in), "");  // /dev/null
  });
}

TEST_P(Clone, OffsetsAreSharedEvenByCopies) {
  check([](Task& task) {
    int fd = task.create("/tmp/file", "0123456789");
    clone_and_wait(task, 0, [fd](Task& child) { EXPECT_EQ(child.read(fd, 4), "0123"); });
    EXPECT_EQ(task.read(fd, 2), "45");
  });
}

TEST_P(Clone, WorkingDirectoriesAreCopiedOrShared) {
  check([](Task& task) {
    auto directory = [&] {
      UserAddr cwd = task.room(100);
      task.call(Call::getcwd, cwd, 100);
      return task.get_string(cwd);
    };
    clone_and_wait(task, 0, [](Task& child) { EXPECT_EQ(child.call(Call::chdir, "/tmp"), ok); });
    EXPECT_EQ(directory(), "/");
    clone_and_wait(task, clone_fs, [](Task& child) {
      EXPECT_EQ(child.call(Call::chdir, "/tmp"), ok);
      child.call(Call::umask, 077);
    });
    EXPECT_EQ(directory(), "/tmp");
    EXPECT_EQ(task.call(Call::umask, 0), 077);
  });
}

TEST_P(Clone, HandlersAreCopiedOrShared) {
  check([](Task& task) {
    clone_and_wait(task, 0, [](Task& child) { child.ignore(sigusr1); });
    EXPECT_EQ(task.get_action(sigusr1).handler, 0u);
    clone_and_wait(task, clone_vm | clone_sighand | clone_vfork, [](Task& child) { child.ignore(sigusr1); });
    EXPECT_EQ(task.get_action(sigusr1).handler, 1u);
  });
}

TEST_P(Clone, MemoryIsCopiedOrShared) {
  check([](Task& task) {
    UserAddr memory = task.map(page);
    clone_and_wait(task, 0, [memory](Task& child) { child.set(memory, 1); });
    EXPECT_EQ(task.get<int>(memory), 0);
    clone_and_wait(task, clone_vm | clone_vfork, [memory](Task& child) {
      child.set(memory, 2);
      EXPECT_EQ(child.call(Call::mmap, memory + 64 * page, page, prot_rw, map_anon_private | map_fixed, -1, 0), memory + 64 * page);
    });
    EXPECT_EQ(task.get<int>(memory), 2);
    EXPECT_EQ(task.get<int>(memory + 64 * page), 0);
  });
}

TEST_P(Clone, TidWordsAreWritten) {
  check([](Task& task) {
    UserAddr words = task.map(page);
    Outcome child = task.clone({.flags = clone_parent_settid | clone_child_settid | sigchld, .parent_tid = words, .child_tid = words + 4},
                               [words](Task& other) {
                                 EXPECT_EQ(other.get<int>(words + 4), other.pid());
                                 EXPECT_EQ(other.get<int>(words), 0);  // the parent's is in the parent's memory
                               });
    EXPECT_EQ(task.get<int>(words), child);
    EXPECT_EQ(task.get<int>(words + 4), 0);
    EXPECT_EQ(task.wait(child), exited(0));
    // A bad address is nobody's problem.
    child = task.clone({.flags = clone_parent_settid | clone_child_settid | sigchld, .parent_tid = 8, .child_tid = 8}, [](Task&) {});
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(Clone, ChildCleartidClearsAndWakes) {
  check([](Task& task) {
    UserAddr done = task.put(uint32_t{1});
    task.thread([](Task& thread) { thread.sleep(10 * millisecond); }, done);
    Nanoseconds before = task.now();
    EXPECT_EQ(task.call(Call::futex, done, futex_wait, 1, nullptr, nullptr, 0), ok);
    EXPECT_GE(task.now() - before, 9 * millisecond);
    EXPECT_EQ(task.get<uint32_t>(done), 0u);
  });
}

TEST_P(Clone, SetTidAddressChangesTheWord) {
  check([](Task& task) {
    UserAddr first = task.room(4), other = task.put(uint32_t{1});
    task.thread([other](Task& thread) { EXPECT_EQ(thread.call(Call::set_tid_address, other), thread.call(Call::gettid)); }, first);
    task.join(other);
    EXPECT_EQ(task.get<uint32_t>(first), 1u);
  });
}

TEST_P(Clone, ThreadsHaveTheirOwnStackAndTls) {
  check([](Task& task) {
    UserAddr stack = task.map(4 * page) + 4 * page;
    UserAddr done = task.put(uint32_t{1});
    task.user().set(hal::Reg::tls, 0x5000);
    Outcome tid = task.clone({.flags = clone_vm | clone_sighand | clone_thread | clone_settls | clone_child_cleartid,
                              .stack = stack,
                              .child_tid = done,
                              .tls = 0x1234560},
                             [stack](Task& thread) {
                               EXPECT_EQ(thread.user().get(hal::Reg::sp), stack);
                               EXPECT_EQ(thread.user().get(hal::Reg::tls), 0x1234560u);
                             });
    EXPECT_GT(tid, 0);
    task.join(done);
    EXPECT_EQ(task.user().get(hal::Reg::tls), 0x5000u);
  });
}

TEST_P(Clone, ThreadsShareThePidButNotTheTid) {
  check([](Task& task) {
    int pid = task.pid();
    UserAddr done = task.put(uint32_t{1});
    int tid = task.thread(
        [pid](Task& thread) {
          EXPECT_EQ(thread.pid(), pid);
          EXPECT_NE(thread.call(Call::gettid), pid);
          EXPECT_EQ(thread.call(Call::getppid), 1);
        },
        done);
    EXPECT_GT(tid, pid);
    task.join(done);
  });
}

TEST_P(Clone, RejectsWhatTheManualSays) {
  check([](Task& task) {
    auto flags = [&](uint64_t bits) { return task.clone({.flags = bits}, [](Task& child) { child.exit(1); }); };
    EXPECT_EQ(flags(clone_sighand), fails::inval);            // without VM
    EXPECT_EQ(flags(clone_thread | clone_vm), fails::inval);  // without SIGHAND
    EXPECT_EQ(flags(clone_thread | clone_sighand), fails::inval);
    EXPECT_EQ(task.call(Call::wait4, -1, 0, wall, 0), fails::child);
    // A signal that does not exist is none.
    Outcome child = flags(0xff);
    EXPECT_EQ(task.call(Call::wait4, child, 0, 0, 0), fails::child);
    EXPECT_EQ(task.call(Call::wait4, child, 0, wclone, 0), child);
  });
}

struct CloneArguments {
  uint64_t flags = 0, pidfd = 0, child_tid = 0, parent_tid = 0, exit_signal = 0, stack = 0, stack_size = 0, tls = 0, set_tid = 0,
           set_tid_size = 0, cgroup = 0;
};

TEST_P(Clone, Clone3MakesProcessesAndThreads) {
  check([](Task& task) {
    CloneArguments arguments{};
    arguments.exit_signal = sigchld;
    UserAddr place = task.put(arguments);
    Outcome child{task.user().clone([&task](hal::User& user) { Task(task.world(), user).exit(5); }, task.number(Call::clone3), place, 64)};
    EXPECT_EQ(task.wait(child), exited(5));
    UserAddr done = task.put(uint32_t{1});
    arguments = {};
    arguments.flags = clone_vm | clone_sighand | clone_thread | clone_child_cleartid;
    arguments.child_tid = done;
    arguments.stack = task.map(4 * page);
    arguments.stack_size = 4 * page;
    UserAddr top = arguments.stack + 4 * page;
    place = task.put(arguments);
    task.user().clone([top](hal::User& user) { EXPECT_EQ(user.get(hal::Reg::sp), top); }, task.number(Call::clone3), place,
                      sizeof arguments);
    task.join(done);
  });
}

TEST_P(Clone, Clone3RejectsWhatTheManualSays) {
  check([](Task& task) {
    auto attempt = [&](CloneArguments arguments, size_t size = sizeof(CloneArguments)) {
      return task.call(Call::clone3, task.put(arguments), size);
    };
    EXPECT_EQ(attempt({.flags = 0, .exit_signal = sigchld}, 63), fails::inval);
    EXPECT_EQ(attempt({.flags = 0, .exit_signal = sigchld}, 5000), fails::toobig);
    EXPECT_EQ(attempt({.flags = sigchld}), fails::inval);  // a signal in flags
    EXPECT_EQ(attempt({.flags = 0, .exit_signal = 65}), fails::inval);
    EXPECT_EQ(attempt({.flags = clone_vm | clone_sighand | clone_thread, .exit_signal = sigchld}), fails::inval);
    EXPECT_EQ(attempt({.flags = 0, .exit_signal = sigchld, .stack = 0x10000}), fails::inval);      // without a size
    EXPECT_EQ(attempt({.flags = 0, .exit_signal = sigchld, .stack_size = 0x1000}), fails::inval);  // without a stack
    EXPECT_EQ(task.call(Call::clone3, 8, 88), fails::fault);
    constexpr uint64_t clone_newtime = 0x80, clone_into_cgroup = 0x200000000;
    EXPECT_EQ(attempt({.flags = uint64_t{1} << 34, .exit_signal = sigchld}), fails::inval);
    EXPECT_EQ(attempt({.flags = clone_newtime, .exit_signal = sigchld}), fails::inval);
    EXPECT_EQ(attempt({.flags = clone_into_cgroup, .exit_signal = sigchld, .cgroup = 99}), fails::badf);
    EXPECT_EQ(attempt({.flags = clone_into_cgroup, .exit_signal = sigchld, .cgroup = 0}), fails::badf);  // no cgroup
    EXPECT_EQ(attempt({.flags = clone_into_cgroup, .exit_signal = sigchld, .cgroup = uint64_t{1} << 31}), fails::inval);
    EXPECT_EQ(attempt({.flags = clone_into_cgroup, .exit_signal = sigchld}, 80), fails::inval);
    UserAddr large = task.put(std::array<char, 200>{});
    task.set(large + 150, 'x');
    EXPECT_EQ(task.call(Call::clone3, large, 200), fails::toobig);  // something that this kernel does not know
  });
}

TEST_P(Clone, Clone3ChoosesTheId) {
  check([](Task& task) {
    auto attempt = [](Task& parent, std::vector<int> ids, uint64_t flags = 0, uint64_t count = 1) {
      UserAddr set = parent.room(200);
      for (size_t index = 0; index < ids.size(); ++index) parent.set(set + 4 * index, ids[index]);
      CloneArguments arguments{.flags = flags, .exit_signal = sigchld, .set_tid = set, .set_tid_size = count};
      UserAddr place = parent.put(arguments);
      World& world = parent.world();
      return Outcome{parent.user().clone(
          [&world](hal::User& user) {
            Task child(world, user);
            child.exit(child.pid() % 100);
          },
          parent.number(Call::clone3), place, sizeof arguments)};
    };
    EXPECT_EQ(attempt(task, {4242}), 4242);
    EXPECT_EQ(attempt(task, {4242}), fails::exist);  // a zombie, perhaps
    EXPECT_EQ(attempt(task, {task.pid()}), fails::exist);
    EXPECT_EQ(task.wait(4242), exited(42));
    EXPECT_EQ(attempt(task, {4242}), 4242);
    EXPECT_EQ(task.wait(4242), exited(42));
    EXPECT_EQ(attempt(task, {0}), fails::inval);
    EXPECT_EQ(attempt(task, {-1}), fails::inval);
    EXPECT_EQ(attempt(task, {4'194'304}), fails::inval);
    EXPECT_EQ(attempt(task, {4243, 4243}, 0, 2), fails::inval);
    EXPECT_EQ(attempt(task, {4243}, 0, 33), fails::inval);
    EXPECT_EQ(attempt(task, {4243}, 0, 0), fails::inval);
    CloneArguments no_ids{.exit_signal = sigchld, .set_tid_size = 1};
    EXPECT_EQ(task.call(Call::clone3, task.put(no_ids), sizeof no_ids), fails::inval);
    no_ids.set_tid = 8;
    EXPECT_EQ(task.call(Call::clone3, task.put(no_ids), sizeof no_ids), fails::fault);
    task.in_child([attempt](Task& user) {
      user.call(Call::setuid, 1000);
      EXPECT_EQ(attempt(user, {4244}), fails::perm);
      EXPECT_EQ(attempt(user, {0}), fails::inval);
    });
    // The next ids pass over those that were chosen.
    int next = task.fork([](Task&) {}) + 1;
    task.wait();
    EXPECT_EQ(attempt(task, {next}), next);
    int after = task.fork([](Task&) {});
    EXPECT_EQ(after, next + 1);
    task.wait();
    task.wait();
  });
}

TEST_P(Clone, ThereAreNoNamespaces) {
  check([](Task& task) {
    constexpr uint64_t newns = 0x20000, newuser = 0x10000000;
    auto attempt = [](Task& parent, uint64_t flags) {
      return parent.clone({.flags = flags | sigchld}, [](Task& child) { child.exit(1); });
    };
    for (uint64_t flag :
         {newns, uint64_t{0x2000000}, uint64_t{0x4000000}, uint64_t{0x8000000}, newuser, uint64_t{0x20000000}, uint64_t{0x40000000}})
      EXPECT_EQ(attempt(task, flag), fails::inval);
    task.in_child([attempt](Task& user) {
      user.call(Call::setuid, 1000);
      EXPECT_EQ(attempt(user, newns), fails::perm);
      EXPECT_EQ(attempt(user, newuser), fails::inval);
    });
  });
}

TEST_P(Clone, ThreadsMayHaveTheirParentsParent) {
  check([](Task& task) {
    task.in_child([](Task& child) {
      UserAddr done = child.put(uint32_t{1});
      Outcome tid = child.clone({.flags = clone_vm | clone_sighand | clone_thread | clone_parent | clone_child_cleartid,
                                 .stack = child.map(4 * page) + 4 * page,
                                 .child_tid = done},
                                [](Task&) {});
      EXPECT_GT(tid, 0);
      child.join(done);
    });
  });
}

TEST_P(Clone, VforkSuspendsTheParent) {
  check([](Task& task) {
    UserAddr memory = task.map(page);
    int child = task.vfork([memory](Task& other) {
      other.sleep(5 * millisecond);
      other.set(memory, 1);
      other.exit(4);
    });
    EXPECT_EQ(task.get<int>(memory), 1);
    EXPECT_EQ(task.wait(child), exited(4));
  });
}

TEST_P(Clone, AVforkParentCanBeKilled) {
  check([](Task& task) {
    int parent = task.fork([](Task& other) {
      other.handle(sigusr1, [](Task&, const Task::Delivery&) {});
      other.vfork([](Task& child) { child.sleep(second); });
    });
    task.sleep(millisecond);
    task.kill(parent, sigusr1);  // does not end the wait
    task.sleep(millisecond);
    EXPECT_EQ(task.call(Call::wait4, parent, 0, wnohang, 0), 0);
    task.kill(parent, sigkill);
    Nanoseconds before = task.now();
    EXPECT_EQ(task.wait(parent), killed(sigkill));
    EXPECT_LT(task.now() - before, second / 2);
  });
}

TEST_P(Clone, HandlersRunInAVforkParentAfterwards) {
  check([](Task& task) {
    Nanoseconds handled = 0, released = 0;
    int parent = task.pid();
    task.handle(sigusr1, [&](Task& handler, const Task::Delivery&) { handled = handler.now(); });
    task.vfork([&, parent](Task& child) {
      child.set_default(sigusr1);
      child.kill(parent, sigusr1);
      child.sleep(5 * millisecond);
      released = child.now();
    });
    EXPECT_GE(handled, released);
    task.wait();
  });
}

TEST_P(Clone, ManyThreadsCountTogether) {
  for (unsigned cpus : {1u, 4u}) {
    check({.cpus = cpus, .slice_blocks = 70}, [](Task& task) {
      constexpr int threads = 20, rounds = 30;
      UserAddr counter = task.put(uint32_t{0});
      std::vector<UserAddr> done;
      for (int index = 0; index < threads; ++index) {
        done.push_back(task.room(4));
        task.thread(
            [counter](Task& thread) {
              for (int round = 0; round < rounds; ++round) thread.user().fetch_add(counter, 1);
            },
            done.back());
      }
      for (UserAddr each : done) task.join(each);
      EXPECT_EQ(task.get<uint32_t>(counter), static_cast<uint32_t>(threads * rounds));
    });
  }
}

}  // namespace
}  // namespace halcyon::test
