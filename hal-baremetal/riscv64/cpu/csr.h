// Control and status registers, and the few instructions without a C++ name (RISC-V privileged specification).
#pragma once

#include <cstdint>

namespace halcyon::hal::riscv64 {

namespace status {
inline constexpr uint64_t interrupts = 1 << 1, previous_interrupts = 1 << 5, previous_supervisor = 1 << 8, user_access = 1 << 18;
// The floating-point unit's state: off, or the registers changed since they were loaded, or not.
inline constexpr uint64_t fp_mask = 3 << 13, fp_off = 0, fp_clean = 2 << 13, fp_dirty = 3 << 13;
}  // namespace status

// Bits of sie and sip.
namespace interrupt {
inline constexpr uint64_t software = 1 << 1, timer = 1 << 5, external = 1 << 9;
}

namespace cause {
inline constexpr uint64_t interrupt = uint64_t{1} << 63;
inline constexpr uint64_t software = interrupt | 1, timer = interrupt | 5, external = interrupt | 9;
enum Exception : uint64_t {
  misaligned_fetch = 0,
  fetch_access = 1,
  illegal_instruction = 2,
  breakpoint = 3,
  misaligned_load = 4,
  load_access = 5,
  misaligned_store = 6,
  store_access = 7,
  user_call = 8,
  fetch_page = 12,
  load_page = 13,
  store_page = 15,
};
}  // namespace cause

inline uint64_t read_status() {
  uint64_t value;
  __asm__ volatile("csrr %0, sstatus" : "=r"(value));
  return value;
}
inline void set_status(uint64_t bits) { __asm__ volatile("csrs sstatus, %0" : : "rK"(bits) : "memory"); }
inline void clear_status(uint64_t bits) { __asm__ volatile("csrc sstatus, %0" : : "rK"(bits) : "memory"); }
inline void enable_interrupts() { set_status(status::interrupts); }
inline void disable_interrupts() { clear_status(status::interrupts); }
inline void set_floating_point(uint64_t state) {
  clear_status(status::fp_mask);
  set_status(state);
}

inline uint64_t read_cause() {
  uint64_t value;
  __asm__ volatile("csrr %0, scause" : "=r"(value));
  return value;
}
inline uint64_t read_trap_value() {
  uint64_t value;
  __asm__ volatile("csrr %0, stval" : "=r"(value));
  return value;
}
inline void enable_sources(uint64_t bits) { __asm__ volatile("csrs sie, %0" : : "r"(bits) : "memory"); }
inline void disable_sources(uint64_t bits) { __asm__ volatile("csrc sie, %0" : : "r"(bits) : "memory"); }
inline void clear_software_interrupt() { __asm__ volatile("csrc sip, %0" : : "r"(interrupt::software) : "memory"); }
inline void set_trap_entry(void (*entry)()) { __asm__ volatile("csrw stvec, %0" : : "r"(entry)); }
inline void clear_scratch() { __asm__ volatile("csrw sscratch, zero"); }
// User mode may read cycle, time and instret.
inline void open_counters() { __asm__ volatile("csrw scounteren, %0" : : "r"(7)); }

inline uint64_t read_time() {
  uint64_t value;
  __asm__ volatile("rdtime %0" : "=r"(value));
  return value;
}

inline constexpr uint64_t sv39 = uint64_t{8} << 60;
// The table's root becomes the one that is walked; translations of the old one are forgotten.
inline void write_root(uint64_t address) { __asm__ volatile("csrw satp, %0\n sfence.vma" : : "r"(sv39 | address >> 12) : "memory"); }
inline void flush_all() { __asm__ volatile("sfence.vma" : : : "memory"); }
inline void flush_page(uint64_t address) { __asm__ volatile("sfence.vma %0" : : "r"(address) : "memory"); }
inline void flush_code() { __asm__ volatile("fence.i" : : : "memory"); }
inline void wait_for_interrupt() { __asm__ volatile("wfi" : : : "memory"); }

}  // namespace halcyon::hal::riscv64
