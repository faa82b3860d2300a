// The older calls around time: gettimeofday, settimeofday, time, times, alarm and the interval timers; and the conversions of time.h.
#include "syscalls/time/time.h"

#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"

namespace halcyon {

Result<Nanoseconds> from_timespec(const Timespec& time) {
  if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= second) return err::inval;
  Nanoseconds total;
  if (__builtin_mul_overflow(time.seconds, second, &total) || __builtin_add_overflow(total, time.nanoseconds, &total)) return never;
  return total;
}

Result<Nanoseconds> from_timeval(const Timeval& time, bool may_exceed) {
  int64_t seconds = time.seconds;
  if (time.microseconds < 0) return err::inval;
  if (may_exceed && __builtin_add_overflow(seconds, time.microseconds / 1'000'000, &seconds)) return err::inval;
  if (!may_exceed && time.microseconds >= 1'000'000) return err::inval;
  return from_timespec({seconds, time.microseconds % 1'000'000 * 1000});
}

Result<TimerSetting> from_itimerspec(const Itimerspec& value) {
  TimerSetting setting;
  setting.value = TRY(from_timespec(value.value));
  setting.interval = TRY(from_timespec(value.interval));
  return setting;
}

Nanoseconds deadline_after(Kernel& kernel, Nanoseconds duration) { return later(kernel.clock().monotonic(), duration); }

Nanoseconds time_left(Kernel& kernel, Nanoseconds deadline) {
  if (deadline == never) return never;
  return std::max<Nanoseconds>(deadline - kernel.clock().monotonic(), 0);
}

namespace {

constexpr unsigned real_timer = 0;

// struct tms of times(2).
struct TmsLayout {
  int64_t user, system, children_user, children_system;
};

Itimerval to_user(const IntervalValue& value) { return {to_timeval(value.interval), to_timeval(value.remaining)}; }

bool may_set_time(Thread& self) { return has_capability(self.credentials(), capability::sys_time); }

}  // namespace

Result<uint64_t> sys_gettimeofday(Thread& self, UserPtr<Timeval> time, UserPtr<int> zone) {
  if (time) {
    TRY(put_user(self.memory(), time, to_timeval(self.kernel().clock().realtime())));
  }
  // struct timezone: always UTC.
  if (zone && clear_user(self.memory(), zone.address(), 2 * sizeof(int)) != 2 * sizeof(int)) return err::fault;
  return 0;
}

Result<uint64_t> sys_settimeofday(Thread& self, UserPtr<const Timeval> user_time, UserPtr<const int> zone) {
  Nanoseconds time = 0;
  if (user_time) {
    Timeval wanted = TRY(get_user(self.memory(), user_time));
    time = TRY(from_timeval(wanted));
    if (time >= Clock::settable_end) return err::inval;
  }
  if (zone) {
    int minutes_west = TRY(get_user(self.memory(), zone));
    if (minutes_west > 15 * 60 || minutes_west < -15 * 60) return err::inval;
  }
  if (!may_set_time(self)) return err::perm;
  if (!user_time) return 0;
  TRY(self.kernel().clock().set_realtime(time));
  return 0;
}

Result<uint64_t> sys_time(Thread& self, UserPtr<int64_t> time) {
  int64_t now = self.kernel().clock().realtime() / second;
  if (time) {
    TRY(put_user(self.memory(), time, now));
  }
  return static_cast<uint64_t>(now);
}

Result<uint64_t> sys_times(Thread& self, UserPtr<UserTms> times) {
  self.account();
  if (times) {
    CpuTime own;
    ResourceUse children;
    {
      LockGuard guard(self.kernel().tree());
      own = cpu_time(self.process());
      children = self.process().children_use;
    }
    TmsLayout layout{own.user / clock_tick, own.system / clock_tick, children.user_time / clock_tick, children.system_time / clock_tick};
    TRY(put_user(self.memory(), times.as<TmsLayout>(), layout));
  }
  return static_cast<uint64_t>(self.kernel().clock().monotonic() / clock_tick);
}

Result<uint64_t> sys_alarm(Thread& self, uint32_t seconds) {
  IntervalValue old = set_interval_timer(self.process(), real_timer, {Nanoseconds{seconds} * second, 0});
  if (old.remaining == 0) return 0;
  // A pending alarm never looks like none, and what is left is rounded to the nearest second.
  return static_cast<uint64_t>(std::max<Nanoseconds>((old.remaining + second / 2) / second, 1));
}

Result<uint64_t> sys_getitimer(Thread& self, IntervalWhich which, UserPtr<Itimerval> value) {
  if (which < 0 || which > 2) return err::inval;
  self.account();
  Itimerval current = to_user(get_interval_timer(self.process(), static_cast<unsigned>(which)));
  TRY(put_user(self.memory(), value, current));
  return 0;
}

// A null `value` disarms the timer, as on Linux.
Result<uint64_t> sys_setitimer(Thread& self, IntervalWhich which, UserPtr<const Itimerval> value, UserPtr<Itimerval> old) {
  IntervalValue wanted;
  if (value) {
    Itimerval given = TRY(get_user(self.memory(), value));
    wanted.remaining = TRY(from_timeval(given.value));
    wanted.interval = TRY(from_timeval(given.interval));
  }
  if (which < 0 || which > 2) return err::inval;
  self.account();
  Itimerval before = to_user(set_interval_timer(self.process(), static_cast<unsigned>(which), wanted));
  if (!old) return 0;
  TRY(put_user(self.memory(), old, before));
  return 0;
}

}  // namespace halcyon
