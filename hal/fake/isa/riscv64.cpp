#include "hal/fake/isa/fake_isa.h"

namespace halcyon::hal {
namespace {

constexpr unsigned ra = 1, sp = 2, tp = 4, a0 = 10, a7 = 17;

// "li a7, n; ecall".
FakeInstruction decode(uint64_t bits) {
  using enum FakeInstruction::Kind;
  auto word = static_cast<uint32_t>(bits);
  if ((word & 0xfffff) == 0x893) return {load_number, 4, static_cast<uint64_t>(static_cast<int32_t>(word) >> 20)};
  if (word == 0x73) return {syscall, 4, 0};
  return {};
}

void explain_page_fault(Trap& trap, bool) {
  constexpr uint8_t fetch = 12, load = 13, store = 15;
  trap.vector = trap.access == Access::execute ? fetch : trap.access == Access::write ? store : load;
}

}  // namespace

const FakeIsa fake_riscv64 = {.sp = sp,
                              .number = a7,
                              .result = a0,
                              .arguments = {a0, a0 + 1, a0 + 2, a0 + 3, a0 + 4, a0 + 5},
                              .tls = tp,
                              .return_address = ra,
                              .reads_zero = true,
                              .has_gs_base = false,
                              .has_flags = false,
                              .initial_flags = 0,
                              .pc_after_syscall = std::nullopt,
                              .flags_after_syscall = std::nullopt,
                              .floating_point_size = 264,
                              .control_at = 256,
                              .control_reserved = ~0xffu,
                              .reset_floating_point = [](std::span<std::byte>) {},
                              .syscall_size = 4,
                              .has_coherent_fetch = false,
                              .decode = decode,
                              .clone = 220,
                              .exit = 93,
                              .explain_page_fault = explain_page_fault,
                              .checks_canonical = false};

}  // namespace halcyon::hal
