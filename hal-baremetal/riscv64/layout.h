// Where things lie in the kernel's half of an Sv39 address space, which is the upper 256 GiB.
#pragma once

#include <cstdint>

namespace halcyon::hal::riscv64 {

inline constexpr uint64_t direct_map_start = 0xffff'ffc0'0000'0000;
inline constexpr uint64_t direct_map_size = uint64_t{250} << 30;
// Kernel stacks: one top-level entry.
inline constexpr uint64_t stack_area_start = 0xffff'ffff'0000'0000, stack_area_size = uint64_t{1} << 30;
// The image, linked at the address where it is loaded plus this (link.ld has the same number).
inline constexpr uint64_t image_offset = 0xffff'ffff'0000'0000;

}  // namespace halcyon::hal::riscv64
