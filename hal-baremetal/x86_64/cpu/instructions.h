// Instructions without a C++ name, and the registers that they reach (Intel SDM vol. 2 to 4; AMD64 APM vol. 2).
#pragma once

#include <cstdint>

namespace halcyon::hal::x86_64 {

// Bits of control registers.
namespace cr0 {
inline constexpr uint64_t task_switched = 8;
}
namespace cr4 {
inline constexpr uint64_t time_stamp_disable = 1 << 2, global_pages = 1 << 7, fxsave = 1 << 9, vector_exceptions = 1 << 10,
                          machine_check = 1 << 6, user_mode_ip = 1 << 11, fs_gs_base = 1 << 16, xsave = 1 << 18, smep = 1 << 20,
                          smap = 1 << 21;
}

// Model specific registers.
namespace msr {
inline constexpr uint32_t apic_base = 0x1b, tsc_deadline = 0x6e0, efer = 0xc000'0080, star = 0xc000'0081, lstar = 0xc000'0082,
                          flag_mask = 0xc000'0084, fs_base = 0xc000'0100, gs_base = 0xc000'0101, kernel_gs_base = 0xc000'0102;
}

// Bits of RFLAGS.
namespace flag {
inline constexpr uint64_t always = 2, trap = 1 << 8, interrupts = 1 << 9, resume = 1 << 16;
// CF PF AF ZF SF TF IF DF OF IOPL NT RF AC ID: what a system call clears.
inline constexpr uint64_t all = 0x25'7fd5;
// CF PF AF ZF SF TF DF OF RF AC: what a signal handler's frame may change (Linux, FIX_EFLAGS).
inline constexpr uint64_t user = 0x5'0dd5;
}  // namespace flag

namespace vector {
enum : unsigned {
  divide_error = 0,
  debug = 1,
  nmi = 2,
  breakpoint = 3,
  invalid_opcode = 6,
  no_fpu = 7,
  double_fault = 8,
  segment_missing = 11,
  stack_fault = 12,
  protection = 13,
  page_fault = 14,
  fpu_error = 16,
  misaligned = 17,
  machine_check = 18,
  vector_error = 19,
};
}

struct CpuidResult {
  uint32_t eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  CpuidResult result;
  __asm__ volatile("cpuid" : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx) : "a"(leaf), "c"(subleaf));
  return result;
}

inline uint64_t read_msr(uint32_t which) {
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(which));
  return uint64_t{high} << 32 | low;
}
inline void write_msr(uint32_t which, uint64_t value) {
  __asm__ volatile("wrmsr" : : "c"(which), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)) : "memory");
}

// The exception flags that are set and not masked, of the two floating-point units.
inline uint32_t x87_exceptions() {
  uint16_t state, control;
  __asm__ volatile("fnstsw %0\n fnstcw %1" : "=m"(state), "=m"(control));
  return state & ~control & 0x3fu;
}
inline uint32_t vector_exceptions() {
  uint32_t state;
  __asm__ volatile("stmxcsr %0" : "=m"(state));
  return state & ~(state >> 7) & 0x3f;
}

inline uint64_t read_cr0() {
  uint64_t value;
  __asm__ volatile("mov %%cr0, %0" : "=r"(value));
  return value;
}
inline void write_cr0(uint64_t value) { __asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory"); }
inline uint64_t read_cr2() {
  uint64_t value;
  __asm__ volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}
inline uint64_t read_cr3() {
  uint64_t value;
  __asm__ volatile("mov %%cr3, %0" : "=r"(value));
  return value;
}
inline uint64_t read_cr4() {
  uint64_t value;
  __asm__ volatile("mov %%cr4, %0" : "=r"(value));
  return value;
}
inline void write_cr4(uint64_t value) { __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory"); }

// The table's root becomes the one that is walked; translations of the old one are forgotten, but not the kernel's global ones.
inline void write_root(uint64_t address) { __asm__ volatile("mov %0, %%cr3" : : "r"(address) : "memory"); }
inline void flush_user() { write_root(read_cr3()); }
inline void flush_all() {
  uint64_t value = read_cr4();
  write_cr4(value & ~cr4::global_pages);
  write_cr4(value);
}
inline void flush_page(uint64_t address) { __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory"); }

inline void enable_interrupts() { __asm__ volatile("sti" : : : "memory"); }
inline void disable_interrupts() { __asm__ volatile("cli" : : : "memory"); }
// Interrupts come on together with the halt: none is taken in between.
inline void enable_and_halt() { __asm__ volatile("sti\n hlt" : : : "memory"); }
inline void halt_cpu() { __asm__ volatile("hlt" : : : "memory"); }

// Not before what was loaded before.
inline uint64_t read_tsc() {
  uint32_t low, high;
  __asm__ volatile("lfence\n rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return uint64_t{high} << 32 | low;
}

inline void allow_floating_point() { __asm__ volatile("clts" : : : "memory"); }
namespace debug_status {
inline constexpr uint64_t single_step = 1 << 14;
}
inline uint64_t read_debug_status() {
  uint64_t value;
  __asm__ volatile("mov %%dr6, %0" : "=r"(value));
  return value;
}
inline void clear_debug_status() { __asm__ volatile("mov %0, %%dr6" : : "r"(uint64_t{0xffff'0ff0})); }

inline uint64_t read_fs_base() {
  uint64_t value;
  __asm__ volatile("rdfsbase %0" : "=r"(value));
  return value;
}
inline void write_fs_base(uint64_t value) { __asm__ volatile("wrfsbase %0" : : "r"(value) : "memory"); }

// 128 bits by 64, for a quotient that fits: `high` is less than `by`.
inline uint64_t divide_wide(uint64_t high, uint64_t low, uint64_t by) {
  uint64_t quotient, rest;
  __asm__("divq %4" : "=a"(quotient), "=d"(rest) : "a"(low), "d"(high), "r"(by) : "cc");
  return quotient;
}

inline uint8_t in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}
inline uint16_t in16(uint16_t port) {
  uint16_t value;
  __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}
inline uint32_t in32(uint16_t port) {
  uint32_t value;
  __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}
inline void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory"); }
inline void out16(uint16_t port, uint16_t value) { __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory"); }
inline void out32(uint16_t port, uint32_t value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory"); }

}  // namespace halcyon::hal::x86_64
