// The kernel's clocks, all derived from the machine's monotonic one.
#pragma once

#include <atomic>

#include "core/base/types.h"
#include "core/sync/wait_queue.h"
#include "hal/machine.h"

namespace halcyon {

class Clock {
 public:
  explicit Clock(hal::Machine& machine) : machine_(machine), start_(machine.monotonic_time()) {}

  // CLOCK_MONOTONIC, CLOCK_BOOTTIME: nanoseconds since the kernel started.
  Nanoseconds monotonic() const { return machine_.monotonic_time() - start_; }
  // CLOCK_REALTIME: nanoseconds since 1970-01-01 UTC.
  Nanoseconds realtime() const {
    return machine_.monotonic_time() + machine_.realtime_offset() + adjustment_.load(std::memory_order_relaxed);
  }
  // clock_settime(2).
  void set_realtime(Nanoseconds time) {
    adjustment_.fetch_add(time - realtime(), std::memory_order_relaxed);
    was_set.wake_all();
  }
  Nanoseconds realtime_to_monotonic(Nanoseconds time) const { return time - (realtime() - monotonic()); }
  // A CLOCK_MONOTONIC time as Cpu::set_deadline wants it.
  int64_t to_machine(Nanoseconds monotonic) const { return monotonic == never ? never : monotonic + start_; }

  // Woken when CLOCK_REALTIME was set: whoever waits for a time of it has to think again.
  WaitQueue was_set;

 private:
  hal::Machine& machine_;
  Nanoseconds start_;
  std::atomic<Nanoseconds> adjustment_ = 0;
};

}  // namespace halcyon
