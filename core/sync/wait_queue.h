// WaitQueue: the only way to wait. A thread enlists, looks at its condition, and parks if it does not hold; because it is enlisted before
// it looks, a wake between the look and the park is not lost. Whoever makes the condition true calls wake_one or wake_all afterwards.
//
// A park ends with ok, `timedout` (the deadline passed) or `intr` (a signal is to be delivered, or the thread is to die). A parked thread
// is never destroyed: to kill is to wake with `intr`.
#pragma once

#include <boost/intrusive/list.hpp>

#include "core/base/annotations.h"
#include "core/base/result.h"
#include "core/base/types.h"
#include "core/sync/spin_lock.h"

namespace halcyon {

class Thread;
class WaitQueue;

// One enlistment in one queue: of a thread that waits, or of somebody who wants to be called (epoll).
struct WaitEntry : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
  WaitQueue* queue = nullptr;  // null when not enlisted
  Thread* thread = nullptr;
  bool is_exclusive = false;             // wake_one stops after it, if that woke somebody
  bool (*notify)(WaitEntry&) = nullptr;  // called, with the queue's lock held, instead of waking `thread`; whether it woke somebody
};

enum class Interruptible : uint8_t { no, by_death, yes };

class WaitQueue {
 public:
  WaitQueue() : WaitQueue(Rank::wait_queue) {}
  explicit WaitQueue(Rank rank) : lock_(rank) {}
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  // Nobody may be enlisted any more.
  ~WaitQueue();

  // Blocks until ready() is true. ready is called without locks held, possibly several times; true ends the wait.
  template <class Ready>
  Result<> wait_until(Ready&& ready, Nanoseconds deadline = never, Interruptible interruptible = Interruptible::yes) {
    if (ready()) return {};
    return wait_slow([](void* context) { return (*static_cast<std::remove_reference_t<Ready>*>(context))(); }, &ready, deadline,
                     interruptible);
  }

  // Wakes the entries that are not exclusive and the first exclusive one that was not awake. Any context of the core; does not block.
  // Returns whether there was such a one.
  bool wake_one() { return !is_empty_.load(std::memory_order_acquire) && wake(1); }
  void wake_all() {
    if (!is_empty_.load(std::memory_order_acquire)) wake(~0u);
  }

  void enlist(WaitEntry& entry);
  // Harmless if it is not enlisted.
  void withdraw(WaitEntry& entry);
  // The queue goes while entries with a notify are still enlisted: nothing will be announced to them any more.
  void abandon();

 private:
  Result<> wait_slow(bool (*ready)(void*), void* context, Nanoseconds deadline, Interruptible interruptible);
  bool wake(unsigned exclusive_count);

  SpinLock lock_;
  std::atomic<bool> is_empty_ = true;
  boost::intrusive::list<WaitEntry, boost::intrusive::constant_time_size<false>> entries_ GUARDED_BY(lock_);
};

// The two halves of a wait, for code that waits on several queues at once: between them the caller looks at its conditions.
// After prepare_to_park a wake of this thread makes park return ok at once.
void prepare_to_park();
void cancel_park();
Result<> park(Nanoseconds deadline, Interruptible interruptible);

}  // namespace halcyon
