#include "core/task/timers/posix_timers.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

namespace {

constexpr Nanoseconds shortest_ignored = 4'000'000;  // a signal that nobody gets comes no more often than Linux's tick

}  // namespace

PosixTimers::PosixTimer::PosixTimer(PosixTimers& timers) : owner(timers) { alarm.timer = cpu_alarm.timer = this; }

PosixTimers::~PosixTimers() { ASSERT(timers_.empty()); }

PosixTimers::PosixTimer* PosixTimers::find(int id) {
  auto found = timers_.find(id);
  return found == timers_.end() ? nullptr : &*found;
}

// The time of the clock that the timer runs on. With a CPU clock, under the tree lock.
Nanoseconds PosixTimers::now(const PosixTimer& timer) {
  Clock& clock = process_.kernel().clock();
  switch (timer.runs_on) {
    case TimerClock::monotonic: return clock.monotonic();
    case TimerClock::realtime: return clock.realtime();
    case TimerClock::cpu: return timer.cpu.now();
  }
  return 0;
}

void PosixTimers::arm(PosixTimer& timer) {
  if (timer.event.kind == TimerEvent::Kind::none) return;
  if (timer.is_on_cpu()) timer.cpu_alarm.set(timer.cpu, timer.when);
  else timer.alarm.set(timer.runs_on == TimerClock::realtime ? AlarmClock::realtime : AlarmClock::monotonic, timer.when);
}

// Passes the periods that are over by `now`.
void PosixTimers::forward(PosixTimer& timer, Nanoseconds now) {
  if (timer.interval == 0 || timer.when > now) return;
  Periods periods = periods_since(timer.when, timer.interval, now);
  constexpr uint64_t enough = uint64_t{1} << 40;  // more than anybody is told
  timer.overrun = std::min<int64_t>(timer.overrun + static_cast<int64_t>(std::min(periods.count, enough)), enough);
  timer.when = periods.next;
}

// The time has come. Under lock_.
void PosixTimers::expire(PosixTimer& timer) {
  SignalInfo info;
  info.number = timer.event.signal;
  info.code = si_code::timer;
  info.timer_id = timer.id;
  info.value = timer.event.value;
  info.is_from_timer = true;
  if (send_timer_signal(process_, timer.event.thread.get(), info)) {
    timer.is_queued = true;
    if (timer.interval == 0) timer.when = never;
  } else if (timer.interval == 0) {
    timer.when = never;
  } else {
    forward(timer, now(timer) + (timer.is_on_cpu() ? 0 : shortest_ignored));
    arm(timer);
  }
}

void PosixTimers::due(Alarm& alarm) {
  PosixTimer& timer = *static_cast<PosixTimer::TimerAlarm&>(alarm).timer;
  LockGuard guard(timer.owner.lock_);
  if (timer.is_running()) timer.owner.expire(timer);
}

void PosixTimers::cpu_due(CpuAlarm& alarm) {
  PosixTimer& timer = *static_cast<PosixTimer::TimerCpuAlarm&>(alarm).timer;
  LockGuard guard(timer.owner.lock_);
  if (timer.is_running()) timer.owner.expire(timer);
}

void PosixTimers::signal_taken(SignalInfo& info) {
  LockGuard tree_guard(process_.kernel().tree());
  LockGuard guard(lock_);
  PosixTimer* timer = find(info.timer_id);
  if (!timer || !timer->is_queued) return;
  timer->is_queued = false;
  if (timer->interval != 0 && timer->when != never) {
    forward(*timer, now(*timer));
    arm(*timer);
  } else {
    ++timer->overrun;
  }
  timer->last_overrun = std::max<int64_t>(std::exchange(timer->overrun, -1), 0);
  info.overrun = static_cast<int>(std::min<int64_t>(timer->last_overrun, INT32_MAX));
}

Result<int> PosixTimers::create(TimerClock clock, CpuClock cpu, TimerEvent event) {
  Own<PosixTimer> timer = TRY(make<PosixTimer>(*this));
  uint64_t limit = process_.limit(Limit::pending_signals).soft;
  LockGuard guard(lock_);
  if (event.kind != TimerEvent::Kind::none && timers_.size() >= limit) return err::again;
  int id = next_id_;
  while (find(id)) id = id == INT32_MAX ? 0 : id + 1;
  next_id_ = id == INT32_MAX ? 0 : id + 1;
  timer->id = id;
  timer->clock = timer->runs_on = clock;
  timer->cpu = std::move(cpu);
  timer->event = std::move(event);
  if (timer->event.value_is_id) timer->event.value = static_cast<uint64_t>(id);
  timers_.insert(*timer.release());
  return id;
}

Result<> PosixTimers::remove(int id) {
  LockGuard guard(process_.kernel().tree());
  return remove_with_tree(id);
}

Result<> PosixTimers::remove_with_tree(int id) {
  Own<PosixTimer> gone;
  {
    LockGuard guard(lock_);
    PosixTimer* timer = find(id);
    if (!timer) return err::inval;
    timers_.erase(timers_.iterator_to(*timer));
    timer->when = never;
    gone.reset(timer);
  }
  gone->alarm.cancel();
  gone->cpu_alarm.cancel();
  return {};
}

void PosixTimers::clear() {
  for (;;) {
    int id;
    {
      LockGuard guard(lock_);
      if (timers_.empty()) break;
      id = timers_.begin()->id;
    }
    static_cast<void>(remove_with_tree(id));
  }
  LockGuard guard(lock_);
  next_id_ = 0;
}

TimerSetting PosixTimers::setting_of(PosixTimer& timer) {
  if (timer.is_on_cpu() && timer.cpu.is_gone()) return {};
  if (timer.when == never) return {0, timer.interval};
  Nanoseconds time = now(timer);
  bool is_silent = timer.event.kind == TimerEvent::Kind::none;
  if (timer.is_queued || is_silent) forward(timer, time);
  // A timer that is late still runs.
  return {std::max<Nanoseconds>(timer.when - time, is_silent ? 0 : 1), timer.interval};
}

Result<TimerSetting> PosixTimers::get(int id) {
  LockGuard tree_guard(process_.kernel().tree());
  LockGuard guard(lock_);
  PosixTimer* timer = find(id);
  if (!timer) return err::inval;
  return setting_of(*timer);
}

Result<TimerSetting> PosixTimers::set(int id, const TimerSetting& setting, bool absolute) {
  LockGuard tree_guard(process_.kernel().tree());
  TimerSetting old;
  PosixTimer* timer;
  {
    LockGuard guard(lock_);
    timer = find(id);
    if (!timer) return err::inval;
    if (timer->is_on_cpu() && timer->cpu.is_gone()) return err::srch;
    old = setting_of(*timer);
    timer->when = never;
    timer->interval = 0;
    timer->is_queued = false;
    timer->overrun = -1;
  }
  // The tree lock keeps others from removing it meanwhile, and nobody arms a timer that is off.
  timer->alarm.cancel();
  timer->cpu_alarm.cancel();
  LockGuard guard(lock_);
  timer->interval = setting.interval;
  timer->last_overrun = 0;
  if (setting.value == 0) return old;
  timer->runs_on = timer->clock == TimerClock::realtime && !absolute ? TimerClock::monotonic : timer->clock;
  timer->when = absolute ? setting.value : later(now(*timer), setting.value);
  arm(*timer);
  return old;
}

Result<int> PosixTimers::overrun(int id) {
  LockGuard guard(lock_);
  PosixTimer* timer = find(id);
  if (!timer) return err::inval;
  return static_cast<int>(std::min<int64_t>(timer->last_overrun, INT32_MAX));
}

}  // namespace halcyon
