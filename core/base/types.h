// Units and small types that every part of the kernel shares.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halcyon {

using PhysAddr = uint64_t;  // an address in machine RAM; 0 is a valid address, not "none"
using UserAddr = uint64_t;  // an address in a process's address space
using Nanoseconds = int64_t;

inline constexpr size_t page_size = 4096;
inline constexpr unsigned page_shift = 12;
inline constexpr uint64_t page_mask = page_size - 1;

constexpr uint64_t page_floor(uint64_t address) { return address & ~page_mask; }
// Wraps to 0 within the last page of the address space: check the length first.
constexpr uint64_t page_ceil(uint64_t address) { return (address + page_mask) & ~page_mask; }

inline constexpr Nanoseconds never = INT64_MAX;  // a deadline that does not come

// `time` moved by `length`, either of which a program may have chosen: `never` instead of what is beyond it.
constexpr Nanoseconds later(Nanoseconds time, Nanoseconds length) {
  Nanoseconds sum;
  if (__builtin_add_overflow(time, length, &sum)) return length < 0 ? INT64_MIN : never;
  return sum;
}

// Rounds up to a multiple of `unit`, which is a power of two.
constexpr uint64_t align_up(uint64_t value, uint64_t unit) { return (value + unit - 1) & ~(unit - 1); }

}  // namespace halcyon
