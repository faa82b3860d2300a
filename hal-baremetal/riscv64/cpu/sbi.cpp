#include "hal-baremetal/riscv64/cpu/sbi.h"

namespace halcyon::hal::sbi {
namespace {

constexpr uint64_t ext_base = 0x10, ext_timer = 0x54494d45, ext_ipi = 0x735049, ext_hart = 0x48534d, ext_reset = 0x53525354,
                   ext_old_putchar = 1;

Outcome call(uint64_t extension, uint64_t function, uint64_t arg0 = 0, uint64_t arg1 = 0, uint64_t arg2 = 0) {
  register uint64_t a0 __asm__("a0") = arg0;
  register uint64_t a1 __asm__("a1") = arg1;
  register uint64_t a2 __asm__("a2") = arg2;
  register uint64_t a6 __asm__("a6") = function;
  register uint64_t a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
  return {static_cast<int64_t>(a0), a1};
}

}  // namespace

void set_timer(uint64_t time) { call(ext_timer, 0, time); }

Outcome send_interrupt(uint64_t hart) { return call(ext_ipi, 0, 1, hart); }

Outcome start_hart(uint64_t hart, uint64_t address, uint64_t argument) { return call(ext_hart, 0, hart, address, argument); }

CpuIds cpu_ids() { return {call(ext_base, 4).value, call(ext_base, 5).value, call(ext_base, 6).value}; }

void reset(Reset kind, bool is_failure) { call(ext_reset, 0, static_cast<uint32_t>(kind), is_failure); }

void ConsoleWriter::write(std::string_view text) {
  for (char c : text) {
    if (c == '\n') call(ext_old_putchar, 0, '\r');
    call(ext_old_putchar, 0, static_cast<uint8_t>(c));
  }
}

}  // namespace halcyon::hal::sbi
