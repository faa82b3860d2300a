// Where things lie in the kernel's half of an x86_64 address space, which is the upper 128 TiB.
#pragma once

#include <cstdint>

namespace halcyon::hal::x86_64 {

inline constexpr uint64_t direct_map_start = 0xffff'8880'0000'0000;
inline constexpr uint64_t direct_map_size = uint64_t{64} << 40;
// What boot.S maps of it.
inline constexpr uint64_t low_map_size = uint64_t{4} << 30;
// Kernel stacks: within one top-level entry.
inline constexpr uint64_t stack_area_start = 0xffff'c900'0000'0000, stack_area_size = uint64_t{1} << 30;
// The image, linked at the address where it is loaded plus this (link.ld and boot.S have the same number).
inline constexpr uint64_t image_offset = 0xffff'ffff'8000'0000;

// Where other CPUs begin: a page below 1 MiB (start_other.S has the same number). What lies around it is not used either.
inline constexpr uint64_t trampoline_address = 0x8000, low_reserved = 0x10000;

// Segment selectors, in the order that SYSCALL and SYSRET want (STAR).
inline constexpr uint16_t kernel_code = 0x10, kernel_data = 0x18, user_data = 0x2b, user_code = 0x33, task_state = 0x38;
// A segment whose limit is the number of the CPU: user code reads it by LSL.
inline constexpr uint16_t cpu_number = 0x4b;

// Interrupt vectors above the exceptions.
inline constexpr unsigned first_interrupt = 0x20;
inline constexpr unsigned legacy_vectors = 0x20;                                // 16 of the old controllers, which stay masked
inline constexpr unsigned device_vectors = 0x30;                                // what the I/O APICs' inputs are led to
inline constexpr unsigned message_vectors = 0xe0, message_vector_count = 0x10;  // what PCI devices send
inline constexpr unsigned timer_vector = 0xf0, call_vector = 0xf1, spurious_vector = 0xff;

}  // namespace halcyon::hal::x86_64
