// The real-time clock of QEMU's virt machine (Goldfish): nanoseconds since 1970 in two halves; reading the lower one latches the upper.
#pragma once

#include <cstdint>

#include "hal-baremetal/drivers/registers.h"

namespace halcyon::hal {

inline int64_t read_goldfish_rtc(Registers& registers) {
  constexpr size_t low = 0, high = 4;
  uint64_t lower = registers.read32(low);
  return static_cast<int64_t>(uint64_t{registers.read32(high)} << 32 | lower);
}

}  // namespace halcyon::hal
