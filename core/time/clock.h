// The kernel's clocks, all derived from the machine's monotonic one.
#pragma once

#include <atomic>

#include "core/base/types.h"
#include "core/sync/wait_queue.h"
#include "hal/machine.h"
#include "hal/vdso_clock.h"

namespace halcyon {

class Clock {
 public:
  explicit Clock(hal::Machine& machine) : machine_(machine), start_(machine.monotonic_time()) {}

  // CLOCK_MONOTONIC, CLOCK_BOOTTIME: nanoseconds since the kernel started.
  Nanoseconds monotonic() const { return machine_.monotonic_time() - start_; }
  // CLOCK_REALTIME: nanoseconds since 1970-01-01 UTC.
  Nanoseconds realtime() const {
    return machine_.monotonic_time() + machine_.realtime_offset() + adjustment_.load(std::memory_order_acquire);
  }
  // Times from here on cannot be set: as on Linux, a machine may run for 30 years before its times end.
  static constexpr Nanoseconds settable_end = never - Nanoseconds{30} * 365 * 24 * 3600 * 1'000'000'000;
  // clock_settime(2). EINVAL: the time is settable_end or later, or the kernel would have started before 1970.
  Result<> set_realtime(Nanoseconds time) {
    if (time >= settable_end || time < monotonic()) return err::inval;
    Nanoseconds change = time - realtime();
    // In this order: whoever was told the new time by a system call finds it in the page.
    if (shown_) hal::change_realtime(*shown_, change);
    adjustment_.fetch_add(change, std::memory_order_release);
    was_set.wake_all();
    return {};
  }
  // From now on programs read this clock, too; null: no longer. Before they run, and when none runs any more.
  void show_in(hal::VdsoData* data) {
    shown_ = data;
    if (!data) return;
    data->offsets[0] = -start_;
    hal::change_realtime(*data, adjustment_.load(std::memory_order_relaxed));
  }
  Nanoseconds realtime_to_monotonic(Nanoseconds time) const { return later(time, monotonic() - realtime()); }
  // A CLOCK_MONOTONIC time as Cpu::set_deadline wants it.
  int64_t to_machine(Nanoseconds monotonic) const { return later(monotonic, start_); }

  // Woken when CLOCK_REALTIME was set: whoever waits for a time of it has to think again.
  WaitQueue was_set;

 private:
  hal::Machine& machine_;
  Nanoseconds start_;
  std::atomic<Nanoseconds> adjustment_ = 0;
  hal::VdsoData* shown_ = nullptr;
};

}  // namespace halcyon
