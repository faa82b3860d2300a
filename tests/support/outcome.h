// What a system call left in the result register: a value, or minus an errno. Compares with both, and prints as either.
#pragma once

#include <concepts>
#include <cstdint>
#include <ostream>

#include "core/base/errno.h"

namespace halcyon::test {

struct Outcome {
  int64_t value = 0;

  bool is_error() const { return value < 0 && value >= -4095; }
  Errno error() const { return is_error() ? static_cast<Errno>(-value) : Errno{}; }
  // Narrows freely: descriptors and ids are ints.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  operator T() const {
    return static_cast<T>(value);
  }
  friend bool operator==(Outcome a, Outcome b) { return a.value == b.value; }
  friend bool operator==(Outcome a, std::integral auto b) { return a.value == static_cast<int64_t>(b); }
  friend auto operator<=>(Outcome a, std::integral auto b) { return a.value <=> static_cast<int64_t>(b); }
  friend std::ostream& operator<<(std::ostream& out, Outcome outcome) {
    if (outcome.is_error()) return out << errno_name(outcome.error());
    return out << outcome.value;
  }
};

// EXPECT_EQ(task.call(...), fails::inval)
namespace fails {
#define ERRNO(name, number, symbol, text) inline constexpr Outcome name{-number};
#include "core/base/errno.inc"
#undef ERRNO
}  // namespace fails

inline constexpr Outcome ok{0};

// Statuses as wait4(2) reports them.
constexpr int exited(int code) { return (code & 0xff) << 8; }
constexpr int killed(int signal) { return signal; }
constexpr int stopped(int signal) { return signal << 8 | 0x7f; }
inline constexpr int continued = 0xffff;

}  // namespace halcyon::test
