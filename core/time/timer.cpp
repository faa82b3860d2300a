#include "core/time/timer.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "hal/port.h"

namespace halcyon {

void TimerQueue::update_next() { next_.store(timers_.empty() ? never : timers_.begin()->when, std::memory_order_relaxed); }

void TimerQueue::arm(Timer& timer, Nanoseconds when) {
  bool is_first;
  {
    LockGuard guard(lock_);
    if (timer.is_armed) timers_.erase(timers_.iterator_to(timer));
    timer.when = when;
    timer.is_armed = true;
    timers_.insert(timer);
    is_first = &*timers_.begin() == &timer;
    update_next();
  }
  if (is_first && per_cpu().kernel) kernel().program_deadline();
}

void TimerQueue::disarm(Timer& timer) {
  for (;;) {
    {
      LockGuard guard(lock_);
      if (timer.is_armed) {
        timers_.erase(timers_.iterator_to(timer));
        timer.is_armed = false;
        update_next();
      }
      if (!timer.is_running) return;
    }
    hal::spin_pause();
  }
}

Nanoseconds TimerQueue::time_of(const Timer& timer) {
  LockGuard guard(lock_);
  return timer.is_armed ? timer.when : never;
}

Nanoseconds TimerQueue::run_expired() {
  for (;;) {
    Nanoseconds next = next_.load(std::memory_order_relaxed);
    if (next == never || next > clock_.monotonic()) return next;
    Timer* timer;
    {
      LockGuard guard(lock_);
      if (timers_.empty() || timers_.begin()->when > clock_.monotonic()) continue;
      timer = &*timers_.begin();
      timers_.erase(timers_.begin());
      timer->is_armed = false;
      timer->is_running = true;
      update_next();
    }
    timer->expired(*timer);
    LockGuard guard(lock_);
    timer->is_running = false;
  }
}

}  // namespace halcyon
