// timer_create and its kin (timer_create(2), sigevent(7)).
#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"
#include "syscalls/time/time.h"

namespace halcyon {

namespace {

// struct sigevent.
struct SigeventLayout {
  uint64_t value;
  int32_t signal, notify, tid, padding;
  uint64_t more[5];
};
static_assert(sizeof(SigeventLayout) == 64);
constexpr int notify_signal = 0, notify_none = 1, notify_thread = 2, notify_thread_id = 4;

// EINVAL.
Result<TimerEvent> event_from(Thread& self, const SigeventLayout& layout) {
  TimerEvent event;
  event.value = layout.value;
  event.signal = layout.signal;
  switch (layout.notify) {
    case notify_none: event.kind = TimerEvent::Kind::none; return event;
    case notify_signal:
    case notify_thread: break;  // the C library's affair: for the kernel it is a signal
    case notify_thread_id: {
      LockGuard guard(self.kernel().tree());
      Thread* thread = self.kernel().find_thread(layout.tid);
      if (!thread || &thread->process() != &self.process()) return err::inval;
      event.thread = Ref<Thread>(*thread);
      event.kind = TimerEvent::Kind::thread;
      break;
    }
    default: return err::inval;
  }
  if (event.signal <= 0 || event.signal > signal_count) return err::inval;
  return event;
}

struct ClockChoice {
  TimerClock clock = TimerClock::monotonic;
  CpuClock cpu;
};

// EINVAL for a clock that does not exist, EOPNOTSUPP for one that has no timers, EPERM.
Result<ClockChoice> choose_clock(Thread& self, int clock) {
  switch (clock) {
    case clock_id::realtime:
    case clock_id::tai: return ClockChoice{TimerClock::realtime, {}};
    case clock_id::monotonic:
    case clock_id::boottime: return ClockChoice{TimerClock::monotonic, {}};
    case clock_id::realtime_alarm:
    case clock_id::boottime_alarm: return err::opnotsupp;  // there is no clock that could wake a machine
    default: break;
  }
  if (is_file_clock(clock)) return err::opnotsupp;
  if (is_cpu_clock(clock)) {
    CpuClock cpu = TRY(find_cpu_clock(self, clock));
    return ClockChoice{TimerClock::cpu, std::move(cpu)};
  }
  Nanoseconds now = TRY(read_clock(self, clock));
  static_cast<void>(now);
  return err::opnotsupp;
}

}  // namespace

Result<uint64_t> sys_timer_create(Thread& self, ClockId clock, UserPtr<const UserSigevent> user_event, UserPtr<int> id) {
  TimerEvent event;
  event.value_is_id = true;
  SigeventLayout layout{};
  if (user_event) layout = TRY(get_user(self.memory(), user_event.as<const SigeventLayout>()));
  ClockChoice choice = TRY(choose_clock(self, clock));
  if (user_event) event = TRY(event_from(self, layout));
  PosixTimers& timers = self.process().posix_timers;
  int made = TRY(timers.create(choice.clock, std::move(choice.cpu), std::move(event)));
  if (auto stored = put_user(self.memory(), id, made); !stored) {
    static_cast<void>(timers.remove(made));
    return std::unexpected(stored.error());
  }
  return 0;
}

Result<uint64_t> sys_timer_settime(Thread& self, int id, TimerFlags flags, UserPtr<const Itimerspec> value, UserPtr<Itimerspec> old) {
  constexpr uint32_t absolute = 1;
  if (!value) return err::inval;
  Itimerspec wanted = TRY(get_user(self.memory(), value));
  TimerSetting setting = TRY(from_itimerspec(wanted));
  self.account();
  TimerSetting before = TRY(self.process().posix_timers.set(id, setting, (flags & absolute) != 0));
  if (!old) return 0;
  TRY(put_user(self.memory(), old, to_itimerspec(before)));
  return 0;
}

Result<uint64_t> sys_timer_gettime(Thread& self, int id, UserPtr<Itimerspec> value) {
  self.account();
  TimerSetting setting = TRY(self.process().posix_timers.get(id));
  TRY(put_user(self.memory(), value, to_itimerspec(setting)));
  return 0;
}

Result<uint64_t> sys_timer_getoverrun(Thread& self, int id) {
  int overrun = TRY(self.process().posix_timers.overrun(id));
  return static_cast<uint64_t>(overrun);
}

Result<uint64_t> sys_timer_delete(Thread& self, int id) {
  TRY(self.process().posix_timers.remove(id));
  return 0;
}

}  // namespace halcyon
