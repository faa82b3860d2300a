#include <cstring>

#include "hal/fake/isa/fake_isa.h"
#include "hal/isa/x86_64/floating_point.h"

namespace halcyon::hal {
namespace {

constexpr unsigned rax = 0, rcx = 1, rdx = 2, rsp = 4, rsi = 6, rdi = 7, r8 = 8, r9 = 9, r10 = 10, r11 = 11;
constexpr size_t x87_control_at = 0, mxcsr_at = 24;

void reset_floating_point(std::span<std::byte> image) {
  std::memcpy(&image[x87_control_at], &x86_64::initial_x87_control, sizeof x86_64::initial_x87_control);
  std::memcpy(&image[mxcsr_at], &x86_64::initial_mxcsr, sizeof x86_64::initial_mxcsr);
}

// "mov $n, %eax; syscall".
FakeInstruction decode(uint64_t bits) {
  using enum FakeInstruction::Kind;
  if ((bits & 0xff) == 0xb8) return {load_number, 5, bits >> 8 & 0xffff'ffff};
  if ((bits & 0xffff) == 0x050f) return {syscall, 2, 0};
  return {};
}

void explain_page_fault(Trap& trap, bool is_present) {
  constexpr uint8_t vector = 14;
  unsigned code = page_fault_code::user | (is_present ? page_fault_code::present : 0);
  if (trap.access == Access::write) code |= page_fault_code::write;
  if (trap.access == Access::execute) code |= page_fault_code::fetch;
  trap.vector = vector;
  trap.error_code = static_cast<uint16_t>(code);
}

}  // namespace

const FakeIsa fake_x86_64 = {.sp = rsp,
                             .number = rax,
                             .result = rax,
                             .arguments = {rdi, rsi, rdx, r10, r8, r9},
                             .tls = std::nullopt,
                             .return_address = std::nullopt,
                             .reads_zero = false,
                             .has_gs_base = true,
                             .has_flags = true,
                             .initial_flags = 0x202,
                             .pc_after_syscall = rcx,
                             .flags_after_syscall = r11,
                             .floating_point_size = 512,
                             .control_at = mxcsr_at,
                             .control_reserved = ~0xffffu,
                             .reset_floating_point = reset_floating_point,
                             .syscall_size = 2,
                             .has_coherent_fetch = true,
                             .decode = decode,
                             .clone = 56,
                             .exit = 60,
                             .explain_page_fault = explain_page_fault,
                             .checks_canonical = true};

}  // namespace halcyon::hal
