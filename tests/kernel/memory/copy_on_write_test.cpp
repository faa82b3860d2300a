// fork's memory: private pages are copied when somebody writes, whatever translations are cached, and whoever writes first.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(CopyOnWrite);

constexpr int pages = 12;

UserAddr filled(Task& task, int value) {
  UserAddr memory = task.map(pages * page);
  for (int index = 0; index < pages; ++index) task.set(memory + index * page, value + index);
  return memory;
}

void expect_filled(Task& task, UserAddr memory, int value) {
  for (int index = 0; index < pages; ++index) EXPECT_EQ(task.get<int>(memory + index * page), value + index);
}

TEST_P(CopyOnWrite, TheParentWritesFirst) {
  check([](Task& task) {
    UserAddr memory = filled(task, 100);
    auto pipe = task.pipe();
    int child = task.fork([=](Task& other) {
      other.read(pipe.in, 1);
      expect_filled(other, memory, 100);
    });
    for (int index = 0; index < pages; ++index) task.set(memory + index * page, 200 + index);
    task.write(pipe.out, "x");
    EXPECT_EQ(task.wait(child), exited(0));
    expect_filled(task, memory, 200);
  });
}

TEST_P(CopyOnWrite, TheChildWritesFirst) {
  check([](Task& task) {
    UserAddr memory = filled(task, 100);
    EXPECT_EQ(task.in_child([=](Task& child) {
      for (int index = 0; index < pages; ++index) child.set(memory + index * page, 300 + index);
      expect_filled(child, memory, 300);
    }),
              exited(0));
    expect_filled(task, memory, 100);
    for (int index = 0; index < pages; ++index) task.set(memory + index * page, 200 + index);
    expect_filled(task, memory, 200);
  });
}

TEST_P(CopyOnWrite, TheKernelWritesForTheParent) {
  check([](Task& task) {
    UserAddr memory = filled(task, 100);
    auto go = task.pipe();
    auto data = task.pipe();
    int child = task.fork([=](Task& other) {
      other.read(go.in, 1);
      expect_filled(other, memory, 100);
    });
    task.write(data.out, "abcd");
    EXPECT_EQ(task.read_into(data.in, memory, 4), 4);
    EXPECT_EQ(task.get_text(memory, 4), "abcd");
    task.write(go.out, "x");
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(CopyOnWrite, AWriteTooLongForThePipeReadsTheOldPage) {
  check([](Task& task) {
    UserAddr memory = filled(task, 100);
    auto pipe = task.pipe();
    EXPECT_EQ(task.in_child([=](Task& child) {
      child.set(memory, 5);
      child.call(Call::write, pipe.out, memory, 4);
    }),
              exited(0));
    task.call(Call::write, pipe.out, memory, 4);
    UserAddr to = task.room(8);
    EXPECT_EQ(task.read_into(pipe.in, to, 8), 8);
    EXPECT_EQ(task.get<int>(to), 5);
    EXPECT_EQ(task.get<int>(to + 4), 100);
  });
}

TEST_P(CopyOnWrite, GenerationsDoNotMix) {
  check([](Task& task) {
    UserAddr memory = filled(task, 0);
    std::function<void(Task&, int)> descend = [&descend, memory](Task& self, int depth) {
      expect_filled(self, memory, depth);
      if (depth == 6) return;
      for (int twin = 0; twin < 2; ++twin) {
        self.fork([&descend, memory, depth](Task& child) {
          for (int index = 0; index < pages; ++index) child.set(memory + index * page, depth + 1 + index);
          descend(child, depth + 1);
        });
      }
      EXPECT_EQ(self.wait(), exited(0));
      EXPECT_EQ(self.wait(), exited(0));
      expect_filled(self, memory, depth);
    };
    descend(task, 0);
  });
}

TEST_P(CopyOnWrite, TheLastOwnerWritesWithoutCopying) {
  check([](Task& task) {
    UserAddr memory = filled(task, 100);
    EXPECT_EQ(task.in_child([](Task&) {}), exited(0));
    uint64_t before = task.world().kernel().frames().free_pages();
    for (int index = 0; index < pages; ++index) task.set(memory + index * page, 1);
    EXPECT_EQ(task.world().kernel().frames().free_pages(), before);
  });
}

TEST_P(CopyOnWrite, ThreadsOfTheParentSeeItsWrites) {
  check({.cpus = 2, .slice_blocks = 100}, [](Task& task) {
    UserAddr memory = filled(task, 100);
    UserAddr done = task.room(4), turn = task.room(4);
    task.set(turn, 0);
    task.thread(
        [=](Task& thread) {
          // Reads through its own CPU's translations, which are old as soon as the other one copies a page.
          while (thread.get<int>(turn) == 0)
            for (int index = 0; index < pages; ++index) thread.get<int>(memory + index * page);
          expect_filled(thread, memory, 200);
          for (int index = 0; index < pages; ++index) thread.set(memory + index * page, 300 + index);
        },
        done);
    task.work(10 * microsecond);
    int child = task.fork([=](Task& other) {
      other.sleep(millisecond);
      expect_filled(other, memory, 100);
    });
    for (int index = 0; index < pages; ++index) task.set(memory + index * page, 200 + index);
    task.set(turn, 1);
    task.join(done);
    expect_filled(task, memory, 300);
    EXPECT_EQ(task.wait(child), exited(0));
  });
}

TEST_P(CopyOnWrite, ManyCpusManySeeds) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    check({.cpus = 4, .seed = seed, .slice_blocks = 60}, [](Task& task) {
      UserAddr memory = filled(task, 0);
      for (int number = 1; number <= 6; ++number) {
        task.fork([=](Task& child) {
          for (int round = 1; round <= 5; ++round) {
            for (int index = 0; index < pages; ++index) {
              EXPECT_EQ(child.get<int>(memory + index * page), (round - 1) * number + index);
              child.set(memory + index * page, round * number + index);
            }
          }
        });
        expect_filled(task, memory, 0);
      }
      for (int number = 1; number <= 6; ++number) EXPECT_EQ(task.wait(), exited(0));
      expect_filled(task, memory, 0);
    });
  }
}

TEST_P(CopyOnWrite, ExecutablePagesCanBeWrittenPrivately) {
  check([](Task& task) {
    UserAddr text = program_layout::base;
    EXPECT_EQ(task.in_child([text](Task& child) {
      EXPECT_EQ(child.call(Call::mprotect, text, page, prot_rw | prot_exec), ok);
      child.set(text + 0x700, 'x');
    }),
              exited(0));
    EXPECT_EQ(task.get<char>(text + 0x700), '\0');
  });
}

}  // namespace
}  // namespace halcyon::test
