// poll(2), ppoll(2), select(2): what is ready, how a wait ends.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Poll);

Outcome poll_one(Task& task, int fd, int events, Nanoseconds timeout, int* seen = nullptr) {
  std::vector<PollFd> fds = {{fd, static_cast<int16_t>(events), 0}};
  Outcome count = task.poll(fds, timeout);
  if (seen) *seen = fds[0].returned;
  return count;
}

TEST_P(Poll, ThePipesEnds) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    EXPECT_EQ(task.ready(pipe.in, pollin | pollout), 0);
    EXPECT_EQ(task.ready(pipe.out, pollin | pollout), pollout);
    task.write(pipe.out, "x");
    EXPECT_EQ(task.ready(pipe.in, pollin), pollin);
    EXPECT_EQ(task.ready(pipe.in, 0), 0);
    int copy = task.call(Call::dup, pipe.out);
    task.close(pipe.out);
    EXPECT_EQ(task.ready(pipe.in, pollin), pollin);
    task.close(copy);
    EXPECT_EQ(task.ready(pipe.in, pollin), pollin | pollhup);
    task.read(pipe.in);
    EXPECT_EQ(task.ready(pipe.in, pollin), pollhup);  // asked for or not
    Task::Pipe other = task.pipe();
    task.close(other.in);
    EXPECT_EQ(task.ready(other.out, pollout), pollout | pollerr);
  });
}

TEST_P(Poll, FilesAreAlwaysReadyAndOthersAreNothing) {
  check([](Task& task) {
    EXPECT_EQ(task.ready(task.create("f"), pollin | pollout), pollin | pollout);
    EXPECT_EQ(task.ready(99, pollin), pollnval);
    int seen = 0;
    EXPECT_EQ(poll_one(task, -1, pollin, 0, &seen), 0);  // is passed over
    EXPECT_EQ(seen, 0);
  });
}

TEST_P(Poll, WaitsAsLongAsItWasTold) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    Nanoseconds start = task.now();
    EXPECT_EQ(poll_one(task, pipe.in, pollin, 5 * millisecond), 0);
    EXPECT_GE(task.now() - start, 5 * millisecond);
    EXPECT_LT(task.now() - start, 20 * millisecond);
    std::vector<PollFd> none;
    EXPECT_EQ(task.poll(none, millisecond), 0);
  });
}

TEST_P(Poll, AWriteEndsTheWait) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    int writer = task.fork([pipe](Task& child) {
      child.sleep(2 * millisecond);
      child.write(pipe.out, "x");
    });
    int seen = 0;
    EXPECT_EQ(poll_one(task, pipe.in, pollin, -1, &seen), 1);
    EXPECT_EQ(seen, pollin);
    EXPECT_EQ(task.wait(writer), exited(0));
  });
}

TEST_P(Poll, ManyDescriptorsAreCountedOnceEach) {
  check([](Task& task) {
    std::vector<PollFd> fds;
    for (int index = 0; index < 100; ++index) {
      Task::Pipe pipe = task.pipe();
      if (index % 3 == 0) task.write(pipe.out, "x");
      fds.push_back({pipe.in, pollin, 0});
    }
    EXPECT_EQ(task.poll(fds, 0), 34);
    for (int index = 0; index < 100; ++index) EXPECT_EQ(fds[static_cast<size_t>(index)].returned, index % 3 == 0 ? pollin : 0);
  });
}

TEST_P(Poll, ASignalEndsTheWaitAndPpollsMaskHoldsMeanwhile) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    task.handle(sigusr1, [](Task&, const Task::Delivery&) {});
    task.block(bit(sigusr1));
    task.raise(sigusr1);  // pending, and blocked
    UserAddr fds = task.put(PollFd{pipe.in, pollin, 0});
    EXPECT_EQ(task.call(Call::ppoll, fds, 1, task.timespec(0), 0, 8), 0);
    EXPECT_EQ(task.call(Call::ppoll, fds, 1, 0, task.put(uint64_t{0}), 8), fails::intr);
    EXPECT_EQ(task.pending(), 0u);
    EXPECT_EQ(task.block(0), bit(sigusr1));  // the mask is as before
  });
}

TEST_P(Poll, RefusesWhatTheManualSays) {
  check([](Task& task) {
    UserAddr fds = task.put(PollFd{0, pollin, 0});
    EXPECT_EQ(task.call(Call::ppoll, 8, 1, task.timespec(0), 0, 8), fails::fault);
    EXPECT_EQ(task.call(Call::ppoll, fds, 1, task.timespec(-1), 0, 8), fails::inval);
    EXPECT_EQ(task.call(Call::ppoll, fds, 1, task.timespec(0), fds, 7), fails::inval);
    EXPECT_EQ(task.call(Call::ppoll, fds, 1 << 30, task.timespec(0), 0, 8), fails::inval);  // beyond RLIMIT_NOFILE
    UserAddr set = task.put(std::array<uint64_t, 16>{});
    EXPECT_EQ(task.call(Call::pselect6, -1, set, 0, 0, task.timespec(0), 0), fails::inval);
    task.set(set, uint64_t{1} << 50);
    EXPECT_EQ(task.call(Call::pselect6, 51, set, 0, 0, task.timespec(0), 0), fails::badf);
  });
}

TEST_P(Poll, SelectLeavesInItsSetsWhatIsReady) {
  check([](Task& task) {
    Task::Pipe empty = task.pipe(), full = task.pipe();
    task.write(full.out, "x");
    int most = std::max({empty.in, empty.out, full.in, full.out}) + 1;
    UserAddr reads = task.put(std::array<uint64_t, 16>{uint64_t{1} << empty.in | uint64_t{1} << full.in});
    UserAddr writes = task.put(std::array<uint64_t, 16>{uint64_t{1} << empty.out});
    EXPECT_EQ(task.call(Call::pselect6, most, reads, writes, 0, task.timespec(0), 0), 2);
    EXPECT_EQ(task.get<uint64_t>(reads), uint64_t{1} << full.in);
    EXPECT_EQ(task.get<uint64_t>(writes), uint64_t{1} << empty.out);
    // At the end of its time the sets are empty.
    task.set(reads, uint64_t{1} << empty.in);
    EXPECT_EQ(task.call(Call::pselect6, most, reads, 0, 0, task.timespec(millisecond), 0), 0);
    EXPECT_EQ(task.get<uint64_t>(reads), 0u);
  });
}

}  // namespace
}  // namespace halcyon::test
