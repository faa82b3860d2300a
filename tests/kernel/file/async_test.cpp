// Signal-driven I/O: F_SETOWN, F_SETOWN_EX, F_SETSIG, O_ASYNC (fcntl(2)).
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(Async);

constexpr int setfl = 4, setown = 8, getown = 9, setsig = 10, getsig = 11, setown_ex = 15, getown_ex = 16;
constexpr int async = 020000, sigio = 29;
constexpr uint64_t fioasync = 0x5452;
constexpr int poll_in = 1, poll_hup = 6;

struct Owner {
  int32_t type, id;
};

// What the next signal of `wanted` says; number 0 if none is pending.
Siginfo next_signal(Task& task, int wanted) {
  UserAddr info = task.put(Siginfo{});
  UserAddr set = task.put(bit(wanted));
  if (task.call(Call::rt_sigtimedwait, set, info, task.timespec(0), 8) != wanted) return {};
  return task.get<Siginfo>(info);
}

Task::Pipe armed_pipe(Task& task) {
  Task::Pipe pipe = task.pipe();
  task.block(bit(sigio) | bit(sigusr1) | bit(40));
  EXPECT_EQ(task.call(Call::fcntl, pipe.in, setown, task.pid()), ok);
  EXPECT_EQ(task.call(Call::fcntl, pipe.in, setfl, async), ok);
  return pipe;
}

TEST_P(Async, TheOwnerLearnsOfData) {
  check([](Task& task) {
    Task::Pipe pipe = armed_pipe(task);
    EXPECT_EQ(next_signal(task, sigio).number, 0);
    task.write(pipe.out, "x");
    Siginfo info = next_signal(task, sigio);
    EXPECT_EQ(info.number, sigio);
    EXPECT_EQ(info.code, 0x80);  // SI_KERNEL
    EXPECT_EQ(next_signal(task, sigio).number, 0);
    EXPECT_EQ(task.read(pipe.in), "x");
  });
}

TEST_P(Async, AChosenSignalTellsWhatHappened) {
  check([](Task& task) {
    Task::Pipe pipe = armed_pipe(task);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, getsig), 0);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setsig, 65), fails::inval);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setsig, 40), ok);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, getsig), 40);
    int writer = task.fork([pipe](Task& other) { other.write(pipe.out, "data"); });
    task.wait(writer);
    Siginfo info = next_signal(task, 40);
    EXPECT_EQ(info.code, poll_in);
    EXPECT_EQ(info.words[0] & 1, 1u);                     // si_band: POLLIN
    EXPECT_EQ(static_cast<int>(info.words[1]), pipe.in);  // si_fd
    EXPECT_EQ(next_signal(task, sigio).number, 0);
    task.read(pipe.in);
    task.close(pipe.out);
    EXPECT_EQ(next_signal(task, 40).code, poll_hup);
  });
}

TEST_P(Async, OwnersAreThreadsProcessesAndGroups) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, getown), 0);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setown, 99999), fails::srch);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setown, INT32_MIN), fails::inval);
    int group = task.call(Call::getpgid, 0);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setown, -group), ok);
    UserAddr place = task.room(sizeof(Owner));
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, getown_ex, place), ok);
    EXPECT_EQ(task.get<Owner>(place).type, 2);
    EXPECT_EQ(task.get<Owner>(place).id, group);
    task.set(place, Owner{0, static_cast<int>(task.call(Call::gettid))});
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setown_ex, place), ok);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, getown), task.pid());
    task.set(place, Owner{3, 1});
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setown_ex, place), fails::inval);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setown_ex, 8), fails::fault);
    int child = task.fork([](Task& other) { other.sleep(millisecond); });
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setown, child), ok);
    task.wait(child);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, getown), 0);  // it has gone
  });
}

TEST_P(Async, EndsWithTheFlagAndWithTheFile) {
  check([](Task& task) {
    Task::Pipe pipe = armed_pipe(task);
    EXPECT_EQ(task.call(Call::fcntl, pipe.in, setfl, 0), ok);
    task.write(pipe.out, "x");
    EXPECT_EQ(next_signal(task, sigio).number, 0);
    UserAddr on = task.put(1);
    EXPECT_EQ(task.call(Call::ioctl, pipe.in, fioasync, on), ok);
    task.write(pipe.out, "y");
    EXPECT_EQ(next_signal(task, sigio).number, sigio);
    EXPECT_EQ(task.call(Call::ioctl, task.create("f"), fioasync, on), fails::notty);
    task.close(pipe.in);
    EXPECT_EQ(next_signal(task, sigio).number, 0);
  });
}

TEST_P(Async, OnlyWhoMaySignalDoes) {
  check([](Task& task) {
    Task::Pipe pipe = task.pipe();
    task.block(bit(sigio));
    int parent = task.pid();
    task.in_child([pipe, parent](Task& other) {
      EXPECT_EQ(other.call(Call::setuid, 1000), ok);
      EXPECT_EQ(other.call(Call::fcntl, pipe.in, setown, parent), ok);
      EXPECT_EQ(other.call(Call::fcntl, pipe.in, setfl, async), ok);
      other.write(pipe.out, "x");
    });
    EXPECT_EQ(next_signal(task, sigio).number, 0);
  });
}

}  // namespace
}  // namespace halcyon::test
