#include "core/task/process/limits.h"

#include <algorithm>

namespace halcyon {

// The defaults of Linux, with RLIMIT_NPROC and RLIMIT_SIGPENDING from the size of memory.
ResourceLimits default_limits(uint64_t memory_pages) {
  ResourceLimits limits;
  auto set = [&](Limit which, uint64_t soft, uint64_t hard) { limits[static_cast<unsigned>(which)] = {soft, hard}; };
  uint64_t threads = std::max<uint64_t>(memory_pages / 32, 64);
  set(Limit::stack, 8 << 20, unlimited);
  set(Limit::core, 0, unlimited);
  set(Limit::processes, threads, threads);
  set(Limit::open_files, 1024, 1 << 20);
  set(Limit::locked_memory, 8 << 20, 8 << 20);
  set(Limit::pending_signals, threads, threads);
  set(Limit::message_queue, 819200, 819200);
  set(Limit::nice, 0, 0);
  set(Limit::real_time_priority, 0, 0);
  return limits;
}

void ResourceUse::add(const ResourceUse& other) {
  user_time += other.user_time;
  system_time += other.system_time;
  max_resident_pages = std::max(max_resident_pages, other.max_resident_pages);
  minor_faults += other.minor_faults;
  major_faults += other.major_faults;
  voluntary_switches += other.voluntary_switches;
  involuntary_switches += other.involuntary_switches;
}

}  // namespace halcyon
