// A lock whose holder may block and may touch user memory. Not recursive; the thread that locked it unlocks it.
#pragma once

#include <atomic>

#include "core/base/annotations.h"
#include "core/sync/wait_queue.h"

namespace halcyon {

class CAPABILITY("mutex") Mutex {
 public:
  explicit Mutex(Rank rank) : rank_(rank) {}

  // Blocks, not interruptibly.
  void lock() ACQUIRE() {
    rank_acquired(rank_, true);
    if (is_held_.exchange(true, std::memory_order_acquire)) [[unlikely]]
      lock_slow();
  }
  void unlock() RELEASE() {
    is_held_.store(false, std::memory_order_release);
    waiters_.wake_one();
    rank_released(rank_, true);
  }

  // The object that the lock protects is known to nobody else, yet or any more: its members may be used as if the lock were held.
  void assert_unshared() const ASSERT_CAPABILITY(this) {}

 private:
  void lock_slow();

  std::atomic<bool> is_held_ = false;
  [[no_unique_address]] Rank rank_;
  WaitQueue waiters_;
};

}  // namespace halcyon
