// Resource limits (getrlimit(2)), numbered as in the ABI, and resource use (getrusage(2)).
#pragma once

#include <array>
#include <cstdint>

#include "core/base/types.h"

namespace halcyon {

enum class Limit : unsigned {
  cpu,
  file_size,
  data,
  stack,
  core,
  resident,
  processes,
  open_files,
  locked_memory,
  address_space,
  locks,
  pending_signals,
  message_queue,
  nice,
  real_time_priority,
  real_time_time
};
inline constexpr unsigned limit_count = 16;
inline constexpr uint64_t unlimited = ~uint64_t{0};

struct ResourceLimit {
  uint64_t soft = unlimited;
  uint64_t hard = unlimited;
};

using ResourceLimits = std::array<ResourceLimit, limit_count>;
ResourceLimits default_limits(uint64_t memory_pages);

struct ResourceUse {
  Nanoseconds user_time = 0;
  Nanoseconds system_time = 0;
  uint64_t max_resident_pages = 0;
  uint64_t minor_faults = 0, major_faults = 0;
  uint64_t voluntary_switches = 0, involuntary_switches = 0;
  void add(const ResourceUse& other);
};

}  // namespace halcyon
