// HalLock: a spin lock for the machine's own state, below all of the core's (rank hal). Never taken by an interrupt's handler, so it masks
// nothing.
#pragma once

#include <atomic>

#include "core/base/annotations.h"
#include "hal/port.h"

namespace halcyon::hal {

class CAPABILITY("spin lock") HalLock {
 public:
  constexpr HalLock() = default;
  HalLock(const HalLock&) = delete;
  HalLock& operator=(const HalLock&) = delete;

  void lock() ACQUIRE() {
    while (is_held_.exchange(true, std::memory_order_acquire))
      while (is_held_.load(std::memory_order_relaxed)) spin_pause();
  }
  void unlock() RELEASE() { is_held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> is_held_{false};
};

}  // namespace halcyon::hal
