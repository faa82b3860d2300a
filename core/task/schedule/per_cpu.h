// PerCpu: what the core keeps for each CPU. `hal::this_cpu().per_cpu` leads to it, and from it to the kernel object and the running thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "hal/machine.h"
#include "hal/port.h"

namespace halcyon {

class Kernel;
class Thread;
class FrameAllocator;
class Heap;
struct HeapCache;

// A number that one CPU counts and any may read: no CPU waits for another's cache line.
class Counter {
 public:
  void add(uint64_t count = 1) { value_.store(value() + count, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct KernelCounters {
  Counter system_calls, page_faults, switches, interrupts;
};

// Each has cache lines of its own.
struct alignas(64) PerCpu {
  hal::Cpu* cpu = nullptr;
  FrameAllocator* frames = nullptr;
  Heap* heap = nullptr;
  HeapCache* heap_cache = nullptr;  // null where there is none
  Kernel* kernel = nullptr;         // null in unit tests of plain classes
  Thread* current = nullptr;        // the running thread; the idle thread when there is nothing to run
  Thread* idle = nullptr;
  Thread* previous = nullptr;  // who ran before the switch that is being finished
  // Whether the idle thread runs. For other CPUs only a hint, unless both sides have fences (Kernel::make_ready).
  bool is_idle() const { return std::atomic_ref(const_cast<Thread*&>(current)).load(std::memory_order_relaxed) == idle; }
  bool must_reschedule = false;
  std::atomic<uint32_t> wanted_events{0};  // of files: what anybody waits for (Notifications), for all CPUs the same
  uint32_t spin_ranks = 0;                 // bit per rank held (HALCYON_CHECKS)
  uint32_t epoll_depth = 0;                // locks of Rank::epoll_queue held (HALCYON_CHECKS)
  // Nanoseconds, for /proc/stat: what its threads used, of that in user mode what niced ones did, and how long it was halted.
  int64_t user_time = 0, nice_time = 0, system_time = 0, idle_time = 0;
  int64_t idle_since = -1;  // CLOCK_MONOTONIC, while it is halted; else -1
  KernelCounters counters;
  int64_t next_tick = 0;  // CLOCK_MONOTONIC; while a thread runs
};

inline PerCpu& per_cpu() { return *hal::this_cpu().per_cpu; }
inline Thread& current_thread() { return *per_cpu().current; }
inline Kernel& kernel() { return *per_cpu().kernel; }

}  // namespace halcyon
