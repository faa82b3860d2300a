// nanosleep, clock_nanosleep. A relative sleep that a signal interrupts goes on by restart_syscall(2) until its first deadline, an absolute
// one is executed again.
#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
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

enum class SleepClock : uint8_t { monotonic, realtime, alarm, cpu };

// EINVAL for clocks that do not exist, EOPNOTSUPP for those that nobody can sleep on.
Result<SleepClock> sleep_clock(Thread& self, int clock) {
  switch (clock) {
    case clock_id::monotonic:
    case clock_id::boottime: return SleepClock::monotonic;
    case clock_id::realtime:
    case clock_id::tai: return SleepClock::realtime;
    case clock_id::realtime_alarm:
    case clock_id::boottime_alarm: return SleepClock::alarm;
    case clock_id::process_cpu: return SleepClock::cpu;
    default: break;
  }
  if (is_file_clock(clock)) return err::opnotsupp;
  if (clock < 0) return SleepClock::cpu;
  Nanoseconds now = TRY(read_clock(self, clock));
  static_cast<void>(now);
  return err::opnotsupp;
}

// Stores the time left, and asks for restart_syscall(2). EFAULT.
Result<uint64_t> remember_sleep(Thread& self, Nanoseconds deadline, UserPtr<Timespec> remaining) {
  if (remaining) {
    TRY(put_user(self.memory(), remaining, to_timespec(time_left(self.kernel(), deadline))));
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

// On the stack of a thread that sleeps until a CPU clock has come to a time.
struct CpuSleep : CpuAlarm {
  CpuSleep() : CpuAlarm(due) {}
  static void due(CpuAlarm& alarm) {
    auto& sleep = static_cast<CpuSleep&>(alarm);
    sleep.is_over.store(true, std::memory_order_release);
    sleep.queue.wake_all();
  }
  std::atomic<bool> is_over{false};
  WaitQueue queue;
};

// EINTR. A process that has ended uses no time any more: then only a signal ends the sleep.
Result<> sleep_until_cpu_time(Thread& self, const CpuClock& clock, Nanoseconds goal) {
  Mutex& tree = self.kernel().tree();
  CpuSleep sleep;
  {
    LockGuard guard(tree);
    if (clock.now() >= goal) return {};
    sleep.set(clock, goal);
  }
  auto slept = sleep.queue.wait_until([&] { return sleep.is_over.load(std::memory_order_acquire); });
  // Whoever called `due` holds the lock until it is done with the sleep.
  LockGuard guard(tree);
  sleep.cancel();
  return slept;
}

// `goal` is on the clock with this id; what is left of the sleep counts as its restart_syscall(2).
Result<uint64_t> sleep_on_cpu_clock(Thread& self, int id, const CpuClock& clock, Nanoseconds goal, UserPtr<Timespec> remaining) {
  if (sleep_until_cpu_time(self, clock, goal)) return 0;
  if (remaining) {
    Nanoseconds now;
    {
      LockGuard guard(self.kernel().tree());
      now = clock.now();
    }
    TRY(put_user(self.memory(), remaining, to_timespec(std::max<Nanoseconds>(goal - now, 0))));
  }
  self.restart_block() = {RestartBlock::Kind::cpu_sleep, goal, {remaining.address(), static_cast<uint64_t>(id)}};
  return err::restart_block;
}

// EINVAL for a clock that there is not, and for the sleeper's own, which would never go on.
Result<uint64_t> start_cpu_sleep(Thread& self, int id, bool is_absolute, Nanoseconds time, UserPtr<Timespec> remaining) {
  self.account();
  CpuClock clock = TRY(find_cpu_clock(self, id));
  if (clock.thread.get() == &self) return err::inval;
  if (is_absolute) {
    if (!sleep_until_cpu_time(self, clock, time)) return err::restart_nohand;
    return 0;
  }
  Nanoseconds goal;
  {
    LockGuard guard(self.kernel().tree());
    goal = later(clock.now(), time);
  }
  return sleep_on_cpu_clock(self, id, clock, goal, remaining);
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

Result<uint64_t> restart_cpu_sleep(Thread& self) {
  RestartBlock block = self.restart_block();
  self.restart_block().kind = RestartBlock::Kind::none;
  int id = static_cast<int>(block.arguments[1]);
  CpuClock clock = TRY(find_cpu_clock(self, id));
  return sleep_on_cpu_clock(self, id, clock, block.deadline, UserPtr<Timespec>(block.arguments[0]));
}

Result<uint64_t> sys_clock_nanosleep(Thread& self, ClockId clock, TimerFlags flags, UserPtr<const Timespec> request,
                                     UserPtr<Timespec> remaining) {
  constexpr uint32_t absolute = 1;
  SleepClock kind = TRY(sleep_clock(self, clock));
  Timespec wanted = TRY(get_user(self.memory(), request));
  Nanoseconds time = TRY(from_timespec(wanted));
  bool is_absolute = (flags & absolute) != 0;
  if (kind == SleepClock::alarm) return err::opnotsupp;  // there is no clock that could wake a machine
  if (kind == SleepClock::cpu) return start_cpu_sleep(self, clock, is_absolute, time, remaining);
  if (!is_absolute) return sleep_relative(self, deadline_after(self.kernel(), time), remaining);
  if (kind == SleepClock::realtime) return sleep_until_realtime(self, time);
  if (!sleep_until(self, time)) return err::restart_nohand;
  return 0;
}

}  // namespace halcyon
