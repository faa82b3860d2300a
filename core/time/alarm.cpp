#include "core/time/alarm.h"

#include "core/task/kernel.h"

namespace halcyon {

void Alarm::set(AlarmClock clock, Nanoseconds goal) {
  Kernel& owner = kernel();
  clock_.store(clock, std::memory_order_relaxed);
  goal_.store(goal, std::memory_order_release);
  if (clock == AlarmClock::realtime && !watch_.queue) {
    watch_.alarm = this;
    watch_.notify = clock_was_set;
    owner.clock().was_set.enlist(watch_);
  }
  if (goal == never) return;
  owner.timers().arm(*this, clock == AlarmClock::monotonic ? goal : owner.clock().realtime_to_monotonic(goal));
}

void Alarm::cancel() {
  if (WaitQueue* queue = watch_.queue) queue->withdraw(watch_);
  goal_.store(never, std::memory_order_release);
  kernel().timers().disarm(*this);
}

void Alarm::timer_expired(Timer& timer) {
  auto& alarm = static_cast<Alarm&>(timer);
  Kernel& owner = kernel();
  Nanoseconds goal = alarm.goal_.load(std::memory_order_acquire);
  if (alarm.clock_.load(std::memory_order_relaxed) == AlarmClock::realtime && owner.clock().realtime() < goal) {
    if (goal != never) owner.timers().arm(alarm, owner.clock().realtime_to_monotonic(goal));
    return;
  }
  alarm.goal_.store(never, std::memory_order_release);
  alarm.due_(alarm);
}

// The queue's lock is held: the timer's own callback, which runs at once, sees what the new time means.
bool Alarm::clock_was_set(WaitEntry& entry) {
  Alarm& alarm = *static_cast<Watch&>(entry).alarm;
  if (alarm.goal_.load(std::memory_order_acquire) != never) kernel().timers().arm(alarm, 0);
  return false;
}

}  // namespace halcyon
