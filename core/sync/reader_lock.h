// A spin lock for what is read often and changed rarely. A reader takes the part of the lock that belongs to its CPU, and so meets no other
// reader, not even in a cache line; a writer takes all parts. Among locks of its rank it counts as one spin lock.
#pragma once

#include <array>
#include <atomic>

#include "core/base/annotations.h"
#include "core/sync/rank.h"
#include "hal/machine.h"
#include "hal/port.h"

namespace halcyon {

class CAPABILITY("reader lock") ReaderLock {
 public:
  // For a kernel with so many CPUs, of which several share a part when there are very many.
  ReaderLock(Rank rank, unsigned cpus) : rank_(rank), count_(cpus < most_parts ? cpus : most_parts) {}
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

  void lock_shared() ACQUIRE_SHARED() {
    rank_acquired(rank_, false);
    acquire(own_part());
  }
  void unlock_shared() RELEASE_SHARED() {
    own_part().is_held.store(false, std::memory_order_release);
    rank_released(rank_, false);
  }
  void lock() ACQUIRE() {
    rank_acquired(rank_, false);
    for (size_t index = 0; index < count_; ++index) acquire(parts_[index]);
  }
  void unlock() RELEASE() {
    for (size_t index = 0; index < count_; ++index) parts_[index].is_held.store(false, std::memory_order_release);
    rank_released(rank_, false);
  }

 private:
  static constexpr size_t cache_line = 64, most_parts = 16;
  struct Part {
    std::atomic<bool> is_held = false;
    std::array<std::byte, cache_line - 1> apart;
  };

  static void acquire(Part& part) {
    while (part.is_held.exchange(true, std::memory_order_acquire)) [[unlikely]]
      while (part.is_held.load(std::memory_order_relaxed)) hal::spin_pause();
  }
  // The holder of a spin lock stays on its CPU.
  Part& own_part() {
    size_t cpu = hal::this_cpu().id();
    return parts_[cpu < count_ ? cpu : cpu % count_];
  }

  [[no_unique_address]] Rank rank_;
  const size_t count_;
  std::array<Part, most_parts> parts_{};
};

}  // namespace halcyon
