// A lock for short stretches that neither block nor touch user memory. Interrupt handlers run no core code, so it masks nothing.
#pragma once

#include <atomic>

#include "core/base/annotations.h"
#include "core/sync/rank.h"
#include "hal/port.h"

namespace halcyon {

class CAPABILITY("spin lock") SpinLock {
 public:
  explicit SpinLock(Rank rank) : rank_(rank) {}
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  void lock() ACQUIRE() {
    rank_acquired(rank_, false);
    while (is_held_.exchange(true, std::memory_order_acquire)) [[unlikely]]
      while (is_held_.load(std::memory_order_relaxed)) hal::spin_pause();
  }
  void unlock() RELEASE() {
    is_held_.store(false, std::memory_order_release);
    rank_released(rank_, false);
  }

  // The object that the lock protects is known to nobody else, yet or any more: its members may be used as if the lock were held.
  void assert_unshared() const ASSERT_CAPABILITY(this) {}

 private:
  std::atomic<bool> is_held_ = false;
  [[no_unique_address]] Rank rank_;
};

}  // namespace halcyon
