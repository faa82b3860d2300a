// What the kernel shows to the code that it maps into every program (vdso(7)): how to tell the time without a system call. One page, which
// programs see read-only as [vvar]. That code is compiled by itself, with no library, for each ISA (syscalls/abi/*/vdso): hence plain
// words.
#pragma once

#include <stdint.h>

namespace halcyon::hal {

// The counter behind Machine::monotonic_time(), where user code can read it.
enum class Counter : uint32_t {
  none,        // only the kernel can tell the time
  time_stamp,  // x86_64: RDTSC
  time,        // riscv64: rdtime
  cycle,       // riscv64: rdcycle
};

// monotonic_time() = base_time + (ticks - base_ticks) * multiplier / 2^32; ticks before base_ticks count as those.
struct CounterReading {
  Counter counter = Counter::none;
  uint64_t base_ticks = 0;
  int64_t base_time = 0;
  uint64_t multiplier = 0;
};

struct VdsoData {
  // --- the machine's
  uint32_t sequence = 0;  // odd while `reading` changes: a reader whose number has changed starts anew
  uint32_t readable = 0;  // all bits if there is a counter, else none
  CounterReading reading;
  uint32_t cpu_selector = 0;  // x86_64: a segment whose limit is the number of the CPU; 0: there is none

  // --- the kernel's
  // What is added to monotonic_time() for CLOCK_MONOTONIC and CLOCK_REALTIME. To the latter the machine adds every change of its
  // realtime_offset(), the first included.
  int64_t offsets[2] = {};
  // riscv64: the values of riscv_hwprobe(2) by key, equal for all CPUs.
  static constexpr uint64_t probe_keys = 16;
  uint64_t probe_count = 0;
  uint64_t probed[probe_keys] = {};
};

}  // namespace halcyon::hal
