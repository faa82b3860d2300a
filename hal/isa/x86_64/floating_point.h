// The floating-point state that a program starts with, and a signal handler.
#pragma once

#include <cstdint>

namespace halcyon::hal::x86_64 {

inline constexpr uint16_t initial_x87_control = 0x37f;
inline constexpr uint32_t initial_mxcsr = 0x1f80;  // all exceptions masked

}  // namespace halcyon::hal::x86_64
