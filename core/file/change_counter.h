// ChangeCounter: how often something changed, and who waits for that: files whose poll(2) says POLLPRI and POLLERR once after a change
// (/proc/PID/mounts, /proc/sys/kernel/hostname).
#pragma once

#include <atomic>

#include "core/sync/wait_queue.h"

namespace halcyon {

class ChangeCounter {
 public:
  void count() {
    count_.fetch_add(1, std::memory_order_release);
    queue_.wake_all();
  }
  uint64_t value() const { return count_.load(std::memory_order_acquire); }
  WaitQueue& queue() { return queue_; }

 private:
  std::atomic<uint64_t> count_ = 0;
  WaitQueue queue_;
};

}  // namespace halcyon
