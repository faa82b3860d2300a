// When memory, descriptors or processes run out: an errno, or the death of who asked, and the others live on.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

constexpr int limit_nofile = 7, limit_nproc = 6, limit_as = 9;
constexpr uint64_t all_memory = 8 << 20;

class Exhaustion : public KernelTest {
 protected:
  Exhaustion() : world({.isa = GetParam(), .memory = all_memory}) {}
  void check(Body body, int status = exited(0)) { EXPECT_EQ(world.run(std::move(body)), status); }

  World world;
};
INSTANTIATE_KERNEL_TESTS(Exhaustion);

// What a program does afterwards to show that it, and the kernel, are well.
void works(Task& task) {
  UserAddr page = task.map(page_size);
  task.set(page, 42);
  EXPECT_EQ(task.get<int>(page), 42);
  EXPECT_EQ(task.in_child([](Task& child) { child.exit(5); }), exited(5));
  Task::Pipe pipe = task.pipe();
  EXPECT_EQ(task.write(pipe.out, "fine"), 4);
  EXPECT_EQ(task.read(pipe.in), "fine");
}

TEST_P(Exhaustion, WhoTouchesMoreThanThereIsDies) {
  check([](Task& task) {
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(task.in_child([](Task& child) {
        UserAddr much = child.map(2 * all_memory);
        for (UserAddr at = 0; at < 2 * all_memory; at += page_size) child.set(much + at, uint8_t{1});
      }),
                killed(sigkill));
      works(task);
    }
  });
}

TEST_P(Exhaustion, AFileThatGrowsTooFarIsCutShort) {
  check([](Task& task) {
    UserAddr data = task.map(1 << 16);
    for (int round = 0; round < 3; ++round) {
      int file = task.create("big");
      Outcome written{1};
      uint64_t total = 0;
      while ((written = task.call(Call::write, file, data, 1 << 16)) > 0) total += static_cast<uint64_t>(written.value);
      EXPECT_EQ(written, fails::nospc);
      EXPECT_GT(total, all_memory / 2);
      EXPECT_EQ(task.close(file), ok);
      EXPECT_EQ(task.unlink("big"), ok);
      works(task);
    }
  });
}

TEST_P(Exhaustion, ProcessesUntilNoMoreFit) {
  check([](Task& task) {
    Task::Pipe gate = task.pipe();
    int count = 0;
    Outcome last{0};
    for (;;) {
      last = Outcome{task.fork([gate](Task& child) {
        child.close(gate.out);
        child.read(gate.in);
      })};
      if (last < 0) break;
      ++count;
    }
    EXPECT_TRUE(last == fails::nomem || last == fails::again) << last;
    EXPECT_GT(count, 10);
    task.close(gate.out);
    for (int index = 0; index < count; ++index) task.wait();
    works(task);
  });
}

TEST_P(Exhaustion, DescriptorsUpToTheLimit) {
  check([](Task& task) {
    UserAddr limit = task.put(std::array<uint64_t, 2>{20, 20});
    EXPECT_EQ(task.call(Call::prlimit64, 0, limit_nofile, limit, 0), ok);
    int highest = -1;
    for (;;) {
      Outcome copy = task.call(Call::dup, 0);
      if (copy < 0) {
        EXPECT_EQ(copy, fails::mfile);
        break;
      }
      highest = copy;
    }
    EXPECT_EQ(highest, 19);
    UserAddr fds = task.room(8);
    EXPECT_EQ(task.call(Call::pipe2, fds, 0), fails::mfile);
    task.close(19);
    EXPECT_EQ(task.call(Call::pipe2, fds, 0), fails::mfile);  // it takes two, and gives back the one
    EXPECT_EQ(task.call(Call::dup, 0), 19);
    EXPECT_EQ(task.dup2(0, 20), fails::badf);
  });
}

TEST_P(Exhaustion, AddressSpaceUpToTheLimit) {
  check([](Task& task) {
    UserAddr limit = task.put(std::array<uint64_t, 2>{64 << 20, 64 << 20});
    EXPECT_EQ(task.call(Call::prlimit64, 0, limit_as, limit, 0), ok);
    EXPECT_EQ(task.call(Call::mmap, 0, 65 << 20, 3, 0x22, -1, 0), fails::nomem);
    EXPECT_GT(task.call(Call::mmap, 0, 32 << 20, 3, 0x22, -1, 0), 0);
    EXPECT_EQ(task.call(Call::mmap, 0, 32 << 20, 3, 0x22, -1, 0), fails::nomem);
    works(task);
  });
}

TEST_P(Exhaustion, ProcessesOfOneUserUpToTheLimit) {
  check([](Task& task) {
    UserAddr limit = task.put(std::array<uint64_t, 2>{3, 3});
    EXPECT_EQ(task.call(Call::prlimit64, 0, limit_nproc, limit, 0), ok);
    EXPECT_EQ(task.in_child([](Task& child) {
      EXPECT_EQ(child.call(Call::setuid, 1000), ok);
      auto sleeper = [](Task& other) { other.sleep(10 * millisecond); };
      EXPECT_GT(child.fork(sleeper), 0);
      EXPECT_GT(child.fork(sleeper), 0);
      EXPECT_EQ(Outcome{child.fork(sleeper)}, fails::again);
    }),
              exited(0));
    works(task);  // root is exempt
  });
}

// A file system in memory has as many inodes as half of memory has pages, so that names alone cannot take it all.
TEST_P(Exhaustion, NamesByTheThousandLeaveMemoryForPrograms) {
  must(world.system().mount_standard());
  check([](Task& task) {
    EXPECT_EQ(task.mkdir("/tmp/m"), ok);
    EXPECT_EQ(task.call(Call::mount, "t", "/tmp/m", "tmpfs", 0, nullptr), ok);
    std::string name(160, 'n');
    Outcome made = ok;
    int count = 0;
    for (; made == ok && count < 14'000; ++count)
      made = task.call(Call::mknodat, at_fdcwd, "/tmp/m/" + name + std::to_string(count), s_ifreg | 0600, 0);
    EXPECT_EQ(made, fails::nospc);
    EXPECT_LE(count, static_cast<int>(all_memory / page_size / 2));
    EXPECT_GT(count, 500);
    works(task);
    EXPECT_EQ(task.unlink("/tmp/m/" + name + "7"), ok);
    EXPECT_EQ(task.mkdir("/tmp/m/d"), ok);
  });
}

}  // namespace
}  // namespace halcyon::test
