// Times near the end of what 64 bits of nanoseconds count: they never come, and nothing overflows on the way.
#include "tests/support/task.h"

namespace halcyon::test {
namespace {

KERNEL_TESTS(FarTimes);

constexpr Nanoseconds longest = INT64_MAX;
constexpr int64_t thirty_years = int64_t{30} * 365 * 24 * 3600;

TEST_P(FarTimes, AreWaitedFor) {
  check([](Task& task) {
    task.sleep(second);
    for (Nanoseconds far : {longest, longest - 1, longest - 2 * second}) {
      int child = task.fork([far](Task& sleeper) {
        UserAddr time = sleeper.timespec(far);
        sleeper.call(Call::timer_create, clock_monotonic, nullptr, sleeper.room(8));
        UserAddr setting = sleeper.put(Itimerspec{{far / second, 0}, {far / second, far % second}});
        for (int flags : {0, timer_abstime}) {
          Outcome timer = sleeper.call(Call::timerfd_create, clock_realtime, 0);
          sleeper.call(Call::timerfd_settime, timer, flags, setting, nullptr);
          sleeper.call(Call::timerfd_gettime, timer, sleeper.room(sizeof(Itimerspec)));
          sleeper.call(Call::timer_settime, 0, flags, setting, nullptr);
        }
        sleeper.call(Call::setitimer, itimer_real, sleeper.put(Itimerval{{far / second, 0}, {far / second, 0}}), nullptr);
        if (sleeper.fork(
                [far](Task& other) { other.call(Call::clock_nanosleep, clock_realtime, timer_abstime, other.timespec(far), nullptr); }) > 0)
          sleeper.call(Call::clock_nanosleep, clock_monotonic, timer_abstime, time, nullptr);
      });
      task.sleep(second);
      EXPECT_EQ(task.call(Call::wait4, child, nullptr, wnohang, nullptr), Outcome{0}) << far;
      task.kill(-1, sigkill);
      EXPECT_EQ(task.wait(child), killed(sigkill));
    }
  });
}

TEST_P(FarTimes, AreNotSet) {
  check([](Task& task) {
    int64_t last = INT64_MAX / second - thirty_years;
    task.sleep(10 * second);
    auto set = [&](int64_t seconds) { return task.call(Call::clock_settime, clock_realtime, task.put(Timespec{seconds, 0})); };
    for (int64_t far : {INT64_MAX, INT64_MAX / second, last + 1}) {
      EXPECT_EQ(set(far), fails::inval) << far;
      EXPECT_EQ(task.call(Call::settimeofday, task.put(Timeval{far, 0}), nullptr), fails::inval) << far;
    }
    EXPECT_EQ(set(1), fails::inval);  // the machine runs for longer
    EXPECT_EQ(set(last - 1), ok);
    task.sleep(second);
    EXPECT_GE(task.now(clock_realtime) / second, last);
  });
}

}  // namespace
}  // namespace halcyon::test
