// nanosleep, clock_nanosleep. A relative sleep that a signal interrupts goes on by restart_syscall(2) until its first deadline, an absolute
// one is executed again.
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/thread.h"
#include "syscalls/calls.h"
#include "syscalls/time/time.h"

namespace halcyon {

Result<> sleep_until(Thread& self, Nanoseconds deadline) {
  for (;;) {
    prepare_to_park();
    auto parked = park(deadline, Interruptible::yes);
    if (parked) continue;  // woken for nothing
    if (parked.error() == Errno::timedout || deadline <= self.kernel().clock().monotonic()) return {};
    return err::intr;
  }
}

namespace {

enum class SleepClock { none, monotonic, realtime, process_cpu };

// EINVAL for clocks that do not exist, EOPNOTSUPP for those that nobody can sleep on.
Result<SleepClock> sleep_clock(Thread& self, int clock) {
  switch (clock) {
    case clock_id::monotonic:
    case clock_id::boottime: return SleepClock::monotonic;
    case clock_id::realtime:
    case clock_id::tai: return SleepClock::realtime;
    case clock_id::process_cpu: return SleepClock::process_cpu;
    default: break;
  }
  Nanoseconds now = TRY(read_clock(self, clock));
  static_cast<void>(now);
  return err::opnotsupp;
}

// Stores the time left, and asks for restart_syscall(2). EFAULT.
Result<uint64_t> remember_sleep(Thread& self, Nanoseconds deadline, UserPtr<Timespec> remaining) {
  if (remaining) {
    auto stored = put_user(self.memory(), remaining, to_timespec(time_left(self.kernel(), deadline)));
    if (!stored) return std::unexpected(stored.error());
  }
  self.restart_block() = {RestartBlock::Kind::nanosleep, deadline, {remaining.address()}};
  return err::restart_block;
}

Result<uint64_t> sleep_relative(Thread& self, Nanoseconds deadline, UserPtr<Timespec> remaining) {
  if (sleep_until(self, deadline)) return 0;
  return remember_sleep(self, deadline, remaining);
}

// Until the time of day is `time`, also if somebody sets the clock meanwhile.
Result<uint64_t> sleep_until_realtime(Thread& self, Nanoseconds time) {
  Clock& clock = self.kernel().clock();
  while (clock.realtime() < time) {
    Nanoseconds deadline = time == never ? never : clock.realtime_to_monotonic(time);
    auto was_set = [&] { return time != never && clock.realtime_to_monotonic(time) != deadline; };
    auto waited = clock.was_set.wait_until(was_set, deadline);
    if (!waited && waited.error() == Errno::intr) return err::restart_nohand;
  }
  return 0;
}

// Until the process has used `time` of CPU time. Nothing announces that, so it looks again as soon as that could be.
Result<uint64_t> sleep_until_cpu_time(Thread& self, Nanoseconds time) {
  constexpr Nanoseconds shortest = 1'000'000;
  for (;;) {
    Nanoseconds used = TRY(read_clock(self, clock_id::process_cpu));
    if (used >= time) return 0;
    Nanoseconds soonest = std::max((time - used) / self.kernel().cpu_count(), shortest);
    if (!sleep_until(self, deadline_after(self.kernel(), soonest))) return err::restart_nohand;
  }
}

}  // namespace

Result<uint64_t> sys_nanosleep(Thread& self, UserPtr<const Timespec> request, UserPtr<Timespec> remaining) {
  Timespec wanted = TRY(get_user(self.memory(), request));
  Nanoseconds duration = TRY(from_timespec(wanted));
  return sleep_relative(self, deadline_after(self.kernel(), duration), remaining);
}

Result<uint64_t> restart_nanosleep(Thread& self) {
  RestartBlock block = self.restart_block();
  self.restart_block().kind = RestartBlock::Kind::none;
  return sleep_relative(self, block.deadline, UserPtr<Timespec>(block.arguments[0]));
}

Result<uint64_t> sys_clock_nanosleep(Thread& self, ClockId clock, TimerFlags flags, UserPtr<const Timespec> request,
                                     UserPtr<Timespec> remaining) {
  constexpr uint32_t absolute = 1;
  SleepClock kind = TRY(sleep_clock(self, clock));
  Timespec wanted = TRY(get_user(self.memory(), request));
  Nanoseconds time = TRY(from_timespec(wanted));
  bool is_absolute = (flags & absolute) != 0;
  if (kind == SleepClock::process_cpu) {
    Nanoseconds used = TRY(read_clock(self, clock));
    Nanoseconds goal = is_absolute ? time : time > never - used ? never : used + time;
    Result<uint64_t> slept = sleep_until_cpu_time(self, goal);
    // What is left cannot be told in terms of the clock of restart_syscall(2): the call ends.
    return slept || is_absolute ? slept : err::intr;
  }
  if (!is_absolute) return sleep_relative(self, deadline_after(self.kernel(), time), remaining);
  if (kind == SleepClock::realtime) return sleep_until_realtime(self, time);
  if (!sleep_until(self, time)) return err::restart_nohand;
  return 0;
}

}  // namespace halcyon
