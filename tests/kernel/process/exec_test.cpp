// execve(2): what changes, what stays, what cannot be executed.
#include "tests/kernel/process/exec.h"

namespace halcyon::test {
namespace {

using Exec = ExecTest;
INSTANTIATE_KERNEL_TESTS(Exec);

TEST_P(Exec, PassesArgumentsAndEnvironment) {
  world.install("/bin/next", [](Task& task) {
    InitialStack stack = read_stack(task);
    EXPECT_EQ(stack.arguments, (std::vector<std::string>{"one", "", "three 3"}));
    EXPECT_EQ(stack.environment, (std::vector<std::string>{"A=1", "B="}));
    task.exit(4);
  });
  check([](Task& task) { task.execve("/bin/next", {"one", "", "three 3"}, {"A=1", "B="}); }, exited(4));
}

TEST_P(Exec, TheAuxiliaryVectorIsRight) {
  world.install("/bin/next", [](Task& task) {
    constexpr uint64_t at_phdr = 3, at_phent = 4, at_phnum = 5, at_pagesz = 6, at_base = 7, at_entry = 9, at_uid = 11, at_secure = 23,
                       at_random = 25, at_execfn = 31;
    InitialStack stack = read_stack(task);
    const AuxiliaryVector& vector = stack.auxiliary;
    EXPECT_EQ(vector[at_phdr], program_layout::base + 64);
    EXPECT_EQ(vector[at_phent], 56u);
    EXPECT_EQ(vector[at_phnum], 3u);
    EXPECT_EQ(vector[at_pagesz], page);
    EXPECT_EQ(vector[at_base], 0u);
    EXPECT_EQ(vector[at_entry], program_layout::base + program_layout::entry);
    EXPECT_EQ(vector[at_uid], 0u);
    EXPECT_EQ(vector[at_secure], 0u);
    EXPECT_EQ(task.get_string(vector[at_execfn]), "/bin/../bin/next");
    EXPECT_NE(task.get<uint64_t>(vector[at_random]), task.get<uint64_t>(vector[at_random] + 8));
  });
  check([](Task& task) { task.execve("/bin/../bin/next", {"argument zero"}); });
}

TEST_P(Exec, NullArgumentsBecomeOneEmptyString) {
  world.install("/bin/next", [](Task& task) { EXPECT_EQ(read_stack(task).arguments, std::vector<std::string>{""}); });
  check([](Task& task) { task.call(Call::execve, "/bin/next", nullptr, nullptr); });
}

TEST_P(Exec, PositionIndependentProgramsMove) {
  world.install("/bin/next",
                [](Task& task) {
                  uint64_t entry = read_stack(task).auxiliary[9];
                  EXPECT_GT(entry, program_layout::entry);
                  UserAddr base = entry - program_layout::entry;
                  EXPECT_EQ(base % page, 0u);
                  EXPECT_EQ(task.get_string(base + program_layout::data), data_mark);
                  EXPECT_EQ(task.get<int>(base + program_layout::scratch + 100), 0);
                  task.user().exit(6);
                },
                {.is_position_independent = true});
  check([](Task& task) { task.execve("/bin/next"); }, exited(6));
}

TEST_P(Exec, WhatCannotBeExecuted) {
  world.make_file("/empty", "");
  world.make_file("/text", "hello world, this is a text that is no program of any kind, to be sure of that it is a little longer\n");
  world.make_file("/not-executable", world.program([](Task&) {}), 0644);
  std::string other = world.program([](Task&) {});
  other[18] = '\x28';  // another machine
  world.make_file("/other-machine", other);
  check([](Task& task) {
    EXPECT_EQ(task.execve("/empty"), fails::noexec);
    EXPECT_EQ(task.execve("/text"), fails::noexec);
    EXPECT_EQ(task.execve("/not-executable"), fails::acces);
    EXPECT_EQ(task.execve("/other-machine"), fails::noexec);
    EXPECT_EQ(task.execve("/nowhere"), fails::noent);
    EXPECT_EQ(task.execve("/text/below"), fails::notdir);
    EXPECT_EQ(task.execve("/tmp"), fails::acces);
    EXPECT_EQ(task.execve(""), fails::noent);
    EXPECT_EQ(task.execve("/" + std::string(5000, 'a')), fails::nametoolong);
    EXPECT_EQ(task.call(Call::execve, 8, 0, 0), fails::fault);
    EXPECT_EQ(task.call(Call::execve, "/bin/test", 8, 0), fails::fault);
    EXPECT_EQ(task.call(Call::execve, "/bin/test", task.put(std::array<uint64_t, 2>{8, 0}), 0), fails::fault);
  });
}

TEST_P(Exec, TooManyArgumentsAreTooBig) {
  check([](Task& task) {
    EXPECT_EQ(task.execve("/bin/test", {std::string(200'000, 'x')}), fails::toobig);  // MAX_ARG_STRLEN is 128 KiB
    UserAddr string = task.put_string(std::string(1000, 'y'));
    UserAddr array = task.map(64 * page);
    for (size_t index = 0; index < 30'000; ++index) task.set(array + index * 8, string);
    EXPECT_EQ(task.call(Call::execve, "/bin/test", array, 0), fails::toobig);
  });
}

TEST_P(Exec, DescriptorsStayUnlessMarked) {
  world.install("/bin/next", [](Task& task) {
    EXPECT_EQ(task.read(10), "kept");
    EXPECT_EQ(task.read(11), "EBADF");
  });
  check([](Task& task) {
    auto pipe = task.pipe();
    task.write(pipe.out, "kept");
    task.dup2(pipe.in, 10);
    task.call(Call::dup3, pipe.in, 11, o_cloexec);
    task.execve("/bin/next");
  });
}

TEST_P(Exec, AFailedCallClosesNothing) {
  check([](Task& task) {
    auto pipe = task.pipe(o_cloexec);
    EXPECT_EQ(task.execve("/nowhere"), fails::noent);
    task.write(pipe.out, "x");
    EXPECT_EQ(task.read(pipe.in), "x");
  });
}

TEST_P(Exec, HandlersGoIgnoredAndBlockedStay) {
  world.install("/bin/next", [](Task& task) {
    EXPECT_EQ(task.get_action(sigusr1).handler, 0u);
    EXPECT_EQ(task.get_action(sigusr2).handler, 1u);
    EXPECT_EQ(task.set_mask(0), bit(sigterm) | bit(sighup));
    ADD_FAILURE() << "the pending signal was lost";
  });
  check(
      [](Task& task) {
        task.handle(sigusr1, [](Task&, const Task::Delivery&) {});
        task.ignore(sigusr2);
        task.set_mask(bit(sigterm) | bit(sighup));
        task.raise(sighup);
        task.execve("/bin/next");
      },
      killed(sighup));
}

TEST_P(Exec, IdentityStays) {
  int pid = 0;
  world.install("/bin/next", [&pid](Task& task) {
    EXPECT_EQ(task.pid(), pid);
    EXPECT_EQ(task.call(Call::getppid), 2);
    EXPECT_EQ(task.call(Call::umask, 0), 027);
    UserAddr cwd = task.room(100);
    task.call(Call::getcwd, cwd, 100);
    EXPECT_EQ(task.get_string(cwd), "/tmp");
    UserAddr timer = task.room(32);
    EXPECT_EQ(task.call(Call::getitimer, itimer_real, timer), ok);
    EXPECT_GT(task.get<Itimerval>(timer).value.seconds, 90);
    UserAddr name = task.room(16);
    EXPECT_EQ(task.call(Call::prctl, pr_get_name, name, 0, 0, 0), ok);
    EXPECT_EQ(task.get_string(name), "next");
  });
  check([&pid](Task& task) {
    EXPECT_EQ(task.in_child([&pid](Task& child) {
      pid = child.pid();
      child.call(Call::umask, 027);
      child.call(Call::chdir, "/tmp");
      child.call(Call::setitimer, itimer_real, child.put(Itimerval{{0, 0}, {100, 0}}), nullptr);
      child.execve("/bin/next");
    }),
              exited(0));
  });
}

TEST_P(Exec, MemoryIsNew) {
  world.install("/bin/next", [](Task& task) {
    UserAddr old = read_stack(task).arguments[0] == "x" ? 0x30'0000'0000 : 0;
    EXPECT_EQ(task.fault_of([old](Task& child) { child.get<int>(old); }).code, segv_maperr);
    EXPECT_EQ(task.get<int>(program_layout::base + program_layout::scratch + 64 * page), 0);
  });
  check([](Task& task) {
    task.map(page, prot_rw, 0x30'0000'0000);
    task.set(0x30'0000'0000, 1);
    task.set(program_layout::base + program_layout::scratch + 64 * page, 7);
    task.execve("/bin/next", {"x"});
  });
}

TEST_P(Exec, OtherThreadsEnd) {
  int ends = 0;
  struct End {
    int* count;
    ~End() { ++*count; }
  };
  world.install("/bin/next", [&ends](Task& task) {
    EXPECT_EQ(ends, 3);
    EXPECT_EQ(task.call(Call::gettid), task.pid());
  });
  check([&ends](Task& task) {
    for (int index = 0; index < 2; ++index)
      task.thread([&ends](Task& thread) {
        End end{&ends};
        thread.sleep(1000 * second);
      });
    task.thread([&ends](Task& thread) {
      End end{&ends};
      for (;;) thread.work(millisecond);
    });
    task.sleep(millisecond);
    task.execve("/bin/next");
  });
}

TEST_P(Exec, ByAThreadTakesTheProcesssId) {
  int pid = 0;
  world.install("/bin/next", [&pid](Task& task) {
    EXPECT_EQ(task.pid(), pid);
    EXPECT_EQ(task.call(Call::gettid), pid);
    task.exit(3);
  });
  check(
      [&pid](Task& task) {
        pid = task.pid();
        task.thread([](Task& thread) { thread.execve("/bin/next"); });
        task.sleep(1000 * second);
      },
      exited(3));
}

TEST_P(Exec, ByDescriptor) {
  world.install("/bin/next", [](Task& task) {
    std::string name = task.get_string(read_stack(task).auxiliary[31]);
    task.exit(name == "/dev/fd/3" ? 1 : name == "/dev/fd/3/next" ? 2 : 3);
  });
  check([](Task& task) {
    auto run = [&](std::string_view directory, std::string_view path, int flags) {
      return task.in_child([=](Task& child) {
        int fd = child.open(directory, o_path);
        EXPECT_EQ(fd, 3);
        Outcome failed = child.call(Call::execveat, fd, path, child.put_strings({"x"}), nullptr, flags);
        child.exit(100 + static_cast<int>(failed.error()));
      });
    };
    EXPECT_EQ(run("/bin/next", "", at_empty_path), exited(1));
    EXPECT_EQ(run("/bin", "next", 0), exited(2));
    EXPECT_EQ(run("/bin", "/bin/next", 0), exited(3));
    EXPECT_EQ(run("/bin/next", "", 0), exited(100 + 2));       // ENOENT
    EXPECT_EQ(run("/bin/next", "next", 0), exited(100 + 20));  // ENOTDIR
    EXPECT_EQ(run("/bin", "next", 0x8000), exited(100 + 22));  // EINVAL
    EXPECT_EQ(task.symlink("/bin/next", "/tmp/link"), ok);
    EXPECT_EQ(run("/tmp", "link", at_symlink_nofollow), exited(100 + 40));  // ELOOP
    EXPECT_EQ(run("/tmp", "link", 0), exited(2 + 1));
  });
}

TEST_P(Exec, VforkParentGoesOnWhenTheChildExecutes) {
  world.install("/bin/next", [](Task& task) {
    task.sleep(second);
    task.exit(5);
  });
  check([](Task& task) {
    Nanoseconds before = task.now();
    int child = task.vfork([](Task& other) {
      other.sleep(10 * millisecond);
      other.execve("/bin/next");
    });
    Nanoseconds waited = task.now() - before;
    EXPECT_GE(waited, 10 * millisecond);
    EXPECT_LT(waited, second / 2);
    EXPECT_EQ(task.wait(child), exited(5));
  });
}

TEST_P(Exec, SetUserIdPrograms) {
  world.install("/bin/next", [](Task& task) {
    EXPECT_EQ(task.call(Call::getuid), 1000);
    EXPECT_EQ(task.call(Call::geteuid), 0);
    EXPECT_EQ(task.call(Call::getegid), 50);
    EXPECT_EQ(read_stack(task).auxiliary[23], 1u);  // AT_SECURE
  });
  check([](Task& task) {
    EXPECT_EQ(task.chown("/bin/next", 0, 50), ok);
    EXPECT_EQ(task.chmod("/bin/next", 06755), ok);
    EXPECT_EQ(task.call(Call::setresgid, 1000, 1000, 1000), ok);
    EXPECT_EQ(task.call(Call::setresuid, 1000, 1000, 1000), ok);
    task.execve("/bin/next");
  });
}

TEST_P(Exec, NoNewPrivilegesDisarmsSetUserId) {
  world.install("/bin/next", [](Task& task) { EXPECT_EQ(task.call(Call::geteuid), 1000); });
  check([](Task& task) {
    EXPECT_EQ(task.chmod("/bin/next", 04755), ok);
    EXPECT_EQ(task.call(Call::setresuid, 1000, 1000, 1000), ok);
    EXPECT_EQ(task.call(Call::prctl, 38, 1, 0, 0, 0), ok);  // PR_SET_NO_NEW_PRIVS
    task.execve("/bin/next");
  });
}

TEST_P(Exec, RegistersStartClean) {
  world.install("/bin/next", [](Task& task) {
    for (unsigned index = 0; index < task.by_isa(16u, 32u); ++index) {
      if (index == task.by_isa(4u, 2u)) continue;
      EXPECT_EQ(task.user().get(hal::general(index)), 0u) << index;
    }
    EXPECT_EQ(task.user().get(hal::Reg::tls), 0u);
  });
  check([](Task& task) {
    for (unsigned index = 1; index < 16; ++index)
      if (index != task.by_isa(4u, 2u)) task.user().set(hal::general(index), 0x1111 * index);
    task.user().set(hal::Reg::tls, 0x7777);
    task.execve("/bin/next");
  });
}

TEST_P(Exec, AgainAndAgain) {
  world.install("/bin/loop", [](Task& task) {
    int round = std::stoi(read_stack(task).arguments[0]);
    if (round == 100) task.exit(1);
    task.execve("/bin/loop", {std::to_string(round + 1)});
  });
  check([](Task& task) { task.execve("/bin/loop", {"0"}); }, exited(1));
}

}  // namespace
}  // namespace halcyon::test
