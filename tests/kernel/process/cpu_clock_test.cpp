// The CPU clocks of processes and threads (clock_getcpuclockid(3)): reading them, sleeping on them, timers on them.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(CpuClocks);

// As the C library makes them: which part of a process's time, or a thread's with 4.
constexpr int part_profile = 0, part_user = 1, part_scheduled = 2, part_file = 3, of_thread = 4;
constexpr int clock_of(int id, int part = part_scheduled) { return static_cast<int>(~static_cast<unsigned>(id) << 3) | part; }

Outcome read_clock(Task& task, int clock) { return task.call(Call::clock_gettime, clock, task.room(16)); }

Nanoseconds time_on(Task& task, int clock) {
  UserAddr place = task.room(16);
  EXPECT_EQ(task.call(Call::clock_gettime, clock, place), ok);
  auto time = task.get<Timespec>(place);
  return time.seconds * second + time.nanoseconds;
}

int worker(Task& task) {
  return task.fork([](Task& child) {
    for (;;) child.work(millisecond);
  });
}

void end(Task& task, int child) {
  task.kill(child, sigkill);
  task.wait(child);
}

struct Sigevent {
  uint64_t value = 0;
  int32_t signal = 0, notify = 0, tid = 0, padding = 0;
  uint64_t more[5] = {};
};

// A timer, or the error.
Outcome create_timer(Task& task, int clock, int signal = sigusr1) {
  UserAddr id = task.put(-1);
  Outcome made = task.call(Call::timer_create, clock, task.put(Sigevent{.signal = signal}), id);
  return made == ok ? Outcome{task.get<int>(id)} : made;
}

Outcome set_timer(Task& task, int id, Nanoseconds value, Nanoseconds interval = 0, int flags = 0) {
  auto split = [](Nanoseconds time) { return Timespec{time / second, time % second}; };
  return task.call(Call::timer_settime, id, flags, task.put(Itimerspec{split(interval), split(value)}), nullptr);
}

TEST_P(CpuClocks, OfAnotherProcessAreRead) {
  check([](Task& task) {
    int child = worker(task);
    task.sleep(20 * millisecond);
    Nanoseconds first = time_on(task, clock_of(child));
    EXPECT_GE(first, 15 * millisecond);
    EXPECT_LE(time_on(task, clock_of(task.pid())), 5 * millisecond);
    EXPECT_GE(time_on(task, clock_of(child, part_user)), 10 * millisecond);
    task.sleep(20 * millisecond);
    EXPECT_GE(time_on(task, clock_of(child, part_profile)), first + 15 * millisecond);
    task.kill(child, sigkill);
    task.call(Call::waitid, p_pid, child, nullptr, wexited | wnowait, nullptr);
    EXPECT_GE(time_on(task, clock_of(child)), first);  // while it can be waited for
    task.wait(child);
    EXPECT_EQ(read_clock(task, clock_of(child)), fails::inval);
  });
}

TEST_P(CpuClocks, WhichThereAre) {
  check([](Task& task) {
    EXPECT_EQ(read_clock(task, clock_of(1)), ok);
    EXPECT_EQ(read_clock(task, clock_of(0, part_file)), fails::inval);
    EXPECT_EQ(read_clock(task, clock_of(0, part_file | of_thread)), fails::inval);
    EXPECT_EQ(read_clock(task, clock_of(99999)), fails::inval);
    EXPECT_EQ(read_clock(task, clock_of(1, part_scheduled | of_thread)), fails::inval);  // another's thread
    UserAddr done = task.put(uint32_t{1});
    int own = task.pid();
    int tid = task.thread(
        [own](Task& thread) {
          int id = thread.call(Call::gettid);
          EXPECT_EQ(read_clock(thread, clock_of(own, part_scheduled | of_thread)), ok);
          // To be read, its own id stands for its process.
          EXPECT_EQ(read_clock(thread, clock_of(id)), ok);
          EXPECT_EQ(thread.call(Call::clock_getres, clock_of(id), nullptr), fails::inval);
          EXPECT_EQ(create_timer(thread, clock_of(id)), fails::inval);
          thread.sleep(5 * millisecond);
        },
        done);
    EXPECT_EQ(read_clock(task, clock_of(tid)), fails::inval);
    EXPECT_EQ(read_clock(task, clock_of(tid, part_scheduled | of_thread)), ok);
    task.join(done);
    task.sleep(millisecond);
    EXPECT_EQ(read_clock(task, clock_of(tid, part_scheduled | of_thread)), fails::inval);
  });
}

TEST_P(CpuClocks, CannotBeSet) {
  check([](Task& task) {
    UserAddr time = task.timespec(second);
    auto set = [&](int clock, UserAddr value) { return task.call(Call::clock_settime, clock, value); };
    EXPECT_EQ(set(clock_process_cputime, time), fails::inval);
    EXPECT_EQ(set(clock_thread_cputime, time), fails::inval);
    EXPECT_EQ(set(clock_of(0), time), fails::perm);
    EXPECT_EQ(set(clock_of(1), time), fails::perm);
    EXPECT_EQ(set(clock_of(99999), time), fails::inval);
    EXPECT_EQ(set(clock_of(99999), 8), fails::fault);
    UserAddr resolution = task.room(16);
    EXPECT_EQ(task.call(Call::clock_getres, clock_of(1), resolution), ok);
    EXPECT_EQ(task.get<Timespec>(resolution).nanoseconds, 1);
    EXPECT_EQ(task.call(Call::clock_getres, clock_of(1, part_user), resolution), ok);
    EXPECT_EQ(task.get<Timespec>(resolution).nanoseconds, 4'000'000);
    EXPECT_EQ(task.call(Call::clock_getres, clock_of(99999), resolution), fails::inval);
  });
}

TEST_P(CpuClocks, SleepersAreWoken) {
  check([](Task& task) {
    int child = worker(task);
    Nanoseconds before = time_on(task, clock_of(child));
    EXPECT_EQ(task.call(Call::clock_nanosleep, clock_of(child), 0, task.timespec(30 * millisecond), nullptr), ok);
    Nanoseconds after = time_on(task, clock_of(child));
    EXPECT_GE(after - before, 30 * millisecond);
    EXPECT_LE(after - before, 60 * millisecond);
    EXPECT_EQ(task.call(Call::clock_nanosleep, clock_of(child), timer_abstime, task.timespec(after + 20 * millisecond), nullptr), ok);
    EXPECT_GE(time_on(task, clock_of(child)), after + 20 * millisecond);
    EXPECT_EQ(task.call(Call::clock_nanosleep, clock_of(child), timer_abstime, task.timespec(after), nullptr), ok);  // is over
    EXPECT_EQ(task.call(Call::clock_nanosleep, clock_of(child), 0, task.timespec(0), nullptr), ok);
    end(task, child);
  });
}

TEST_P(CpuClocks, ThreadsSleepOnEachOther) {
  check([](Task& task) {
    UserAddr done = task.put(uint32_t{1});
    int tid = task.thread([](Task& thread) { thread.work(60 * millisecond); }, done);
    int clock = clock_of(tid, part_scheduled | of_thread);
    EXPECT_EQ(task.call(Call::clock_nanosleep, clock, 0, task.timespec(20 * millisecond), nullptr), ok);
    EXPECT_GE(time_on(task, clock), 20 * millisecond);
    EXPECT_EQ(task.call(Call::clock_nanosleep, clock_process_cputime, 0, task.timespec(5 * millisecond), nullptr), ok);
    task.join(done);
  });
}

TEST_P(CpuClocks, SleepsThatWouldNotEndAreRefused) {
  check([](Task& task) {
    auto sleep = [&](int clock, UserAddr time) { return task.call(Call::clock_nanosleep, clock, 0, time, nullptr); };
    UserAddr time = task.timespec(millisecond);
    EXPECT_EQ(sleep(clock_of(0, part_scheduled | of_thread), time), fails::inval);
    EXPECT_EQ(sleep(clock_of(task.pid(), part_scheduled | of_thread), time), fails::inval);
    EXPECT_EQ(sleep(clock_of(task.pid(), part_user | of_thread), time), fails::inval);
    EXPECT_EQ(sleep(clock_thread_cputime, 8), fails::opnotsupp);
    EXPECT_EQ(sleep(clock_of(0, part_file), 8), fails::opnotsupp);
    EXPECT_EQ(sleep(clock_of(0, part_file | of_thread), time), fails::inval);
    EXPECT_EQ(sleep(clock_of(99999), time), fails::inval);
    EXPECT_EQ(sleep(clock_of(99999), 8), fails::fault);
    EXPECT_EQ(sleep(8, 8), fails::fault);  // CLOCK_REALTIME_ALARM
    EXPECT_EQ(sleep(8, time), fails::opnotsupp);
    EXPECT_EQ(sleep(10, 8), fails::inval);
  });
}

TEST_P(CpuClocks, InterruptedSleepsTellWhatIsLeftAndGoOn) {
  check([](Task& task) {
    int child = worker(task);
    int parent = task.pid();
    task.handle(sigusr1, [](Task&, const Task::Delivery&) {});
    int killer = task.fork([parent](Task& other) {
      other.sleep(20 * millisecond);
      other.kill(parent, sigusr1);
    });
    UserAddr left = task.put(Timespec{});
    EXPECT_EQ(task.call(Call::clock_nanosleep, clock_of(child), 0, task.timespec(second), left), fails::intr);
    Nanoseconds rest = task.get<Timespec>(left).nanoseconds;
    EXPECT_GE(rest, 900 * millisecond);
    EXPECT_LE(rest, 990 * millisecond);
    task.wait(killer);
    // A stop in between does not end the sleep.
    int sleeper = task.fork([child](Task& other) {
      Nanoseconds before = time_on(other, clock_of(child));
      EXPECT_EQ(other.call(Call::clock_nanosleep, clock_of(child), 0, other.timespec(40 * millisecond), other.room(16)), ok);
      Nanoseconds used = time_on(other, clock_of(child)) - before;
      EXPECT_GE(used, 40 * millisecond);
      EXPECT_LE(used, 70 * millisecond);
    });
    task.sleep(10 * millisecond);
    task.kill(sleeper, sigstop);
    task.sleep(5 * millisecond);
    task.kill(sleeper, sigcont);
    EXPECT_EQ(task.wait(sleeper), exited(0));
    end(task, child);
  });
}

// Nothing more is used on the clock of a process that has ended: only a signal ends the sleep.
TEST_P(CpuClocks, ZombiesWakeNobody) {
  check([](Task& task) {
    int zombie = task.fork([](Task&) {});
    task.call(Call::waitid, p_pid, zombie, nullptr, wexited | wnowait, nullptr);
    task.handle(sigusr1, [](Task&, const Task::Delivery&) {});
    int parent = task.pid();
    int killer = task.fork([parent](Task& other) {
      other.sleep(50 * millisecond);
      other.kill(parent, sigusr1);
    });
    EXPECT_EQ(task.call(Call::clock_nanosleep, clock_of(zombie), 0, task.timespec(millisecond), nullptr), fails::intr);
    task.wait(killer);
    task.wait(zombie);
  });
}

TEST_P(CpuClocks, TimersRunOnAnothersClock) {
  check([](Task& task) {
    int child = worker(task);
    int count = 0;
    task.handle(sigusr1, [&](Task&, const Task::Delivery&) { ++count; });
    int timer = create_timer(task, clock_of(child));
    EXPECT_EQ(timer, 0);
    EXPECT_EQ(set_timer(task, timer, 20 * millisecond, 20 * millisecond), ok);
    Nanoseconds before = time_on(task, clock_of(child));
    while (count < 3 && task.now() < 10 * second) task.pause();
    EXPECT_GE(time_on(task, clock_of(child)) - before, 55 * millisecond);
    // It stops with the process, and cannot be set when that is gone.
    task.kill(child, sigkill);
    task.call(Call::waitid, p_pid, child, nullptr, wexited | wnowait, nullptr);
    EXPECT_EQ(set_timer(task, timer, second), ok);
    UserAddr value = task.room(32);
    EXPECT_EQ(task.call(Call::timer_gettime, timer, value), ok);
    EXPECT_EQ(task.get<Itimerspec>(value).value.seconds, 1);
    task.wait(child);
    EXPECT_EQ(task.call(Call::timer_gettime, timer, value), ok);
    EXPECT_EQ(task.get<Itimerspec>(value).value.seconds, 0);
    EXPECT_EQ(set_timer(task, timer, second), fails::srch);
    EXPECT_EQ(task.call(Call::timer_delete, timer), ok);
  });
}

TEST_P(CpuClocks, TimersOutliveNeitherSide) {
  check({.cpus = 2}, [](Task& task) {
    // The timer's process ends first, then the other way round.
    int child = worker(task);
    task.in_child([child](Task& other) { set_timer(other, create_timer(other, clock_of(child)), 10 * second); });
    task.sleep(20 * millisecond);
    set_timer(task, create_timer(task, clock_of(child)), 10 * second);
    end(task, child);
    // A thread's clock.
    UserAddr done = task.put(uint32_t{1});
    int tid = task.thread([](Task& thread) { thread.work(5 * millisecond); }, done);
    int timer = create_timer(task, clock_of(tid, part_scheduled | of_thread));
    EXPECT_EQ(set_timer(task, timer, second), ok);
    task.join(done);
    task.sleep(millisecond);
    EXPECT_EQ(set_timer(task, timer, second), fails::srch);
  });
}

TEST_P(CpuClocks, TimersRejectWhatTheManualSays) {
  check([](Task& task) {
    EXPECT_EQ(create_timer(task, clock_of(99999)), fails::inval);
    EXPECT_EQ(create_timer(task, clock_of(1, part_scheduled | of_thread)), fails::inval);
    EXPECT_EQ(create_timer(task, clock_of(0, part_file)), fails::opnotsupp);
    EXPECT_EQ(create_timer(task, clock_of(0, part_file | of_thread)), fails::inval);
    EXPECT_EQ(create_timer(task, 4), fails::opnotsupp);  // CLOCK_MONOTONIC_RAW
    EXPECT_EQ(create_timer(task, 10), fails::inval);
    EXPECT_EQ(create_timer(task, clock_of(1)), 0);
    EXPECT_EQ(create_timer(task, clock_of(0, part_user | of_thread)), 1);
  });
}

}  // namespace
}  // namespace halcyon::test
