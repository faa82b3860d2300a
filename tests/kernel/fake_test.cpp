// The fake machine itself: what DESIGN promises to everybody who writes tests on it.
#include "hal/fake/user.h"

#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(FakeMachineTest);

using hal::Reg;

TEST_P(FakeMachineTest, ReturningFromTheProgramExits) {
  EXPECT_EQ(run([](Task&) {}), exited(0));
}

TEST_P(FakeMachineTest, MemoryIsReachedThroughPageTables) {
  EXPECT_EQ(run([](Task& task) {
              UserAddr memory = task.map(3 * page);
              task.set(memory + page - 4, uint64_t{0x1122334455667788});  // across a page boundary
              EXPECT_EQ(task.get<uint64_t>(memory + page - 4), 0x1122334455667788u);
              EXPECT_EQ(task.get<uint32_t>(memory + page), 0x11223344u);
              EXPECT_EQ(task.get<uint64_t>(memory + 2 * page), 0u);
            }),
            exited(0));
}

TEST_P(FakeMachineTest, SegmentsOfTheProgramFileAreThere) {
  EXPECT_EQ(run([](Task& task) {
              EXPECT_EQ(task.get_string(program_layout::base + program_layout::data), data_mark);
              EXPECT_EQ(task.get<uint32_t>(program_layout::base) & 0xff, 0x7fu);  // the ELF header
            }),
            exited(0));
}

struct CountsEnds {
  int* count;
  ~CountsEnds() { ++*count; }
};

TEST_P(FakeMachineTest, AKilledProgramIsUnwound) {
  int ends = 0;
  EXPECT_EQ(run([&](Task& task) {
              CountsEnds here{&ends};
              task.set(8, 1);
            }),
            killed(sigsegv));
  EXPECT_EQ(ends, 1);
}

TEST_P(FakeMachineTest, AProgramThatWaitsWhenTheWorldEndsIsUnwound) {
  int ends = 0;
  EXPECT_EQ(run([&](Task& task) {
              task.fork([&ends](Task& child) {
                CountsEnds here{&ends};
                child.sleep(1000 * second);
              });
              task.sleep(millisecond);
              task.exit(1);
            }),
            exited(1));
  EXPECT_EQ(ends, 1);
}

TEST_P(FakeMachineTest, ExecUnwindsTheOldProgram) {
  int ends = 0;
  World world({.isa = isa()});
  world.install("/bin/next", [&](Task& task) { task.exit(10 + ends); });
  EXPECT_EQ(world.run([&](Task& task) {
    CountsEnds here{&ends};
    task.execve("/bin/next");
  }),
            exited(11));
}

TEST_P(FakeMachineTest, CatchBlocksKeepTheirExceptionAcrossSwitches) {
  EXPECT_EQ(run([](Task& task) {
              auto body = [](Task& each) {
                for (int index = 0; index < 20; ++index) {
                  try {
                    throw index;
                  } catch (int thrown) {
                    each.call(Call::sched_yield);
                    EXPECT_EQ(thrown, index);
                    each.sleep(microsecond);
                  }
                }
              };
              task.fork(body);
              task.fork(body);
              body(task);
              EXPECT_EQ(task.wait(), exited(0));
              EXPECT_EQ(task.wait(), exited(0));
            }),
            exited(0));
}

TEST_P(FakeMachineTest, AResumeTokenWorksOnce) {
  // A handler that returns to where the program was long ago.
  EXPECT_EQ(run([](Task& task) {
              auto stale = std::make_shared<uint64_t>(0);
              task.handle(sigusr1, [stale](Task& handler, const Task::Delivery& delivery) {
                UserAddr pc_at = delivery.context + handler.by_isa(168, 176);
                if (*stale) handler.set(pc_at, *stale);
                *stale = handler.get<uint64_t>(pc_at);
              });
              task.raise(sigusr1);
              task.raise(sigusr1);
              ADD_FAILURE() << "went on from a stale pc";
            }),
            killed(sigill));
}

TEST_P(FakeMachineTest, JumpToNowhereIsAnInstructionFetchFault) {
  EXPECT_EQ(run([](Task& task) {
              task.handle(sigsegv, [](Task& handler, const Task::Delivery& delivery) {
                auto info = handler.get<Siginfo>(delivery.info);
                EXPECT_EQ(info.address, 0x123450u);
                EXPECT_EQ(info.code, segv_maperr);
                handler.exit(3);
              });
              task.user().jump(0x123450);
            }),
            exited(3));
}

TEST_P(FakeMachineTest, CodeRunsOnlyFromExecutableMemory) {
  for (uint32_t protection : {prot_rw, prot_read | prot_exec}) {
    EXPECT_EQ(run([protection](Task& task) {
                UserAddr code = task.map(page);
                task.set(code, hal::CodeWord{.token = task.world().token([](Task& other) { other.exit(9); })});
                EXPECT_EQ(task.call(Call::mprotect, code, page, protection), ok);
                task.user().jump(code);
              }),
              protection == prot_rw ? killed(sigsegv) : exited(9));
  }
}

TEST_P(FakeMachineTest, ExecutableGarbageIsAnIllegalInstruction) {
  EXPECT_EQ(run([](Task& task) {
              UserAddr code = task.map(page, prot_read | prot_exec);
              task.user().jump(code);
            }),
            killed(sigill));
}

TEST_P(FakeMachineTest, ComputingIsPreempted) {
  EXPECT_EQ(run([](Task& task) {
              UserAddr shared = task.call(Call::mmap, 0, page, prot_rw, map_shared | map_anonymous, -1, 0);
              int child = task.fork([shared](Task& other) { other.set(shared, 1); });
              while (task.get<int>(shared) == 0) task.work(millisecond);  // never enters the kernel by itself
              EXPECT_EQ(task.wait(child), exited(0));
            }),
            exited(0));
}

TEST_P(FakeMachineTest, TimePassesWithEveryCall) {
  EXPECT_EQ(run([](Task& task) {
              Nanoseconds before = task.now();
              for (int index = 0; index < 1000; ++index) task.set(program_layout::base + program_layout::scratch, index);
              Nanoseconds passed = task.now() - before;
              EXPECT_GE(passed, millisecond);
              EXPECT_LE(passed, 2 * millisecond);
            }),
            exited(0));
}

TEST_P(FakeMachineTest, SameSeedSameRun) {
  auto run_once = [&](uint64_t seed) {
    World world({.isa = isa(), .cpus = 4, .seed = seed, .slice_blocks = 100});
    std::string order;
    world.run([&](Task& task) {
      for (char name : {'a', 'b', 'c', 'd'})
        task.fork([&order, name](Task& child) {
          for (int round = 0; round < 20; ++round) {
            order += name;
            child.call(Call::getpid);
          }
        });
      for (int index = 0; index < 4; ++index) task.wait();
    });
    return order;
  };
  EXPECT_EQ(run_once(7), run_once(7));
  EXPECT_NE(run_once(7), run_once(8));
}

// Fork, then both sides write pages that the parent has just used: an old writable translation in the parent would reach the child's copy.
void write_after_fork(Task& task, int* mistakes) {
  UserAddr memory = task.map(8 * page);
  for (int index = 0; index < 8; ++index) task.set(memory + index * page, 1);
  int child = task.fork([memory](Task& other) {
    other.sleep(millisecond);
    for (int index = 0; index < 8; ++index)
      if (other.get<int>(memory + index * page) != 1) other.exit(1);
  });
  for (int index = 0; index < 8; ++index) task.set(memory + index * page, 2);
  if (task.wait(child) != exited(0)) ++*mistakes;
}

TEST_P(FakeMachineTest, AMissingShootDownIsNoticed) {
  int mistakes = 0;
  World broken({.isa = isa(), .is_broken = true});
  broken.run([&](Task& task) { write_after_fork(task, &mistakes); });
  EXPECT_EQ(mistakes, 1);
  World whole({.isa = isa()});
  whole.run([&](Task& task) { write_after_fork(task, &mistakes); });
  EXPECT_EQ(mistakes, 1);
}

TEST_P(FakeMachineTest, ADeadlockEndsTheTest) {
  World world({.isa = isa()});
  world.expect_stuck();
  EXPECT_EQ(world.run([](Task& task) {
    auto pipe = task.pipe();
    task.read(pipe.in);
  }),
            killed(sigkill));
  EXPECT_TRUE(world.was_stuck());
}

TEST_P(FakeMachineTest, CpusThatFaultInsteadOfSettingBitsWork) {
  World world({.isa = isa(), .faults_on_touch = true});
  EXPECT_EQ(world.run([](Task& task) {
    UserAddr memory = task.map(4 * page);
    for (int index = 0; index < 4; ++index) EXPECT_EQ(task.get<int>(memory + index * page), 0);
    for (int index = 0; index < 4; ++index) task.set(memory + index * page, index);
    int fd = task.create("/tmp/file", std::string(2 * page, 'x'));
    UserAddr file = task.call(Call::mmap, 0, 2 * page, prot_rw, map_shared, fd, 0);
    task.set(file + page, 'y');
    EXPECT_EQ(task.in_child([memory](Task& child) {
      for (int index = 0; index < 4; ++index) EXPECT_EQ(child.get<int>(memory + index * page), index);
      child.set(memory, 7);
    }),
              exited(0));
    EXPECT_EQ(task.get<int>(memory), 0);
  }),
            exited(0));
}

TEST_P(FakeMachineTest, RegistersStayWithTheirThread) {
  World world({.isa = isa(), .cpus = 2, .slice_blocks = 50});
  EXPECT_EQ(world.run([](Task& task) {
    auto body = [](uint64_t mark) {
      return [mark](Task& each) {
        hal::Reg saved = hal::general(each.by_isa(12u, 20u));
        each.user().set(saved, mark);
        each.user().floating_point()[300 % each.user().floating_point().size()] = static_cast<std::byte>(mark);
        for (int index = 0; index < 50; ++index) {
          each.call(Call::sched_yield);
          EXPECT_EQ(each.user().get(saved), mark);
          EXPECT_EQ(each.user().floating_point()[300 % each.user().floating_point().size()], static_cast<std::byte>(mark));
        }
      };
    };
    for (uint64_t mark = 1; mark < 6; ++mark) task.fork(body(mark));
    for (int index = 1; index < 6; ++index) EXPECT_EQ(task.wait(), exited(0));
  }),
            exited(0));
}

}  // namespace
}  // namespace halcyon::test
