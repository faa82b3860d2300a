// Timers: one queue per kernel, ordered by time. The CPU that arms the earliest timer sets its own deadline; the callbacks run on whichever
// CPU takes its pending::deadline, in thread context or idle, without locks held.
#pragma once

#include <boost/intrusive/set.hpp>

#include "core/base/annotations.h"
#include "core/base/types.h"
#include "core/sync/spin_lock.h"
#include "core/time/clock.h"

namespace halcyon {

struct Timer : boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
  Nanoseconds when = never;           // CLOCK_MONOTONIC
  void (*expired)(Timer&) = nullptr;  // must not block; may arm the timer again
  bool is_armed = false;              // under the queue's lock
  bool is_running = false;            // its callback is being called
  bool operator<(const Timer& other) const { return when < other.when; }
};

class TimerQueue {
 public:
  explicit TimerQueue(Clock& clock) : clock_(clock) {}

  // Arms, or moves, a timer.
  void arm(Timer& timer, Nanoseconds when);
  // After it returns the callback does not run and will not: it waits for one that runs on another CPU. Must not be called from the
  // timer's own callback.
  void disarm(Timer& timer);
  // When it is due; `never` if it is not armed.
  Nanoseconds time_of(const Timer& timer);
  // Runs what is due, then returns the time of the next timer.
  Nanoseconds run_expired();
  Nanoseconds next() const { return next_.load(std::memory_order_relaxed); }

 private:
  void update_next() REQUIRES(lock_);

  Clock& clock_;
  SpinLock lock_{Rank::timers};
  boost::intrusive::multiset<Timer, boost::intrusive::constant_time_size<false>> timers_ GUARDED_BY(lock_);
  std::atomic<Nanoseconds> next_ = never;
};

}  // namespace halcyon
