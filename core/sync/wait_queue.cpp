#include "core/sync/wait_queue.h"

#include "core/base/assert.h"
#include "core/base/lock_guard.h"
#include "core/task/schedule/per_cpu.h"
#include "core/task/thread.h"

namespace halcyon {

WaitQueue::~WaitQueue() { ASSERT(entries_.empty()); }

void WaitQueue::enlist(WaitEntry& entry) {
  LockGuard guard(lock_);
  entry.queue = this;
  entries_.push_back(entry);
  is_empty_.store(false, std::memory_order_release);
}

void WaitQueue::withdraw(WaitEntry& entry) {
  LockGuard guard(lock_);
  if (entry.queue != this) return;
  entries_.erase(entries_.iterator_to(entry));
  entry.queue = nullptr;
  is_empty_.store(entries_.empty(), std::memory_order_release);
}

void WaitQueue::abandon() {
  LockGuard guard(lock_);
  while (!entries_.empty()) {
    WaitEntry& entry = entries_.front();
    ASSERT(entry.notify);
    entries_.pop_front();
    entry.queue = nullptr;
  }
  is_empty_.store(true, std::memory_order_release);
}

// Whoever is awake already may be so because of an earlier wake: this one is for another.
bool WaitQueue::wake(unsigned exclusive_count) {
  bool has_woken = false;
  LockGuard guard(lock_);
  for (WaitEntry& entry : entries_) {
    bool wakes = entry.notify ? entry.notify(entry) : entry.thread->wake();
    if (!entry.is_exclusive || !wakes) continue;
    has_woken = true;
    if (--exclusive_count == 0) break;
  }
  return has_woken;
}

Result<> WaitQueue::wait_slow(bool (*ready)(void*), void* context, Nanoseconds deadline, Interruptible interruptible) {
  assert_no_spin_lock();
  WaitEntry entry;
  entry.thread = &current_thread();
  entry.is_exclusive = true;
  enlist(entry);
  Result<> result;
  for (;;) {
    prepare_to_park();
    if (ready(context)) {
      cancel_park();
      break;
    }
    result = park(deadline, interruptible);
    // A wake that came together with the deadline or a signal must not get lost: look once more.
    if (!result && ready(context)) result = {};
    else if (result && !ready(context)) continue;
    break;
  }
  withdraw(entry);
  // A wake_one that chose this thread when it had already given up is for the next.
  if (!result) wake_one();
  return result;
}

}  // namespace halcyon
