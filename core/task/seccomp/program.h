// Programs of seccomp(2): classic BPF over what is known about one system call. A program is checked once, when it comes in, so that
// running it needs no checks: it only jumps forward, reads only words of SeccompData, and ends in a return.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/base/result.h"

namespace halcyon {

// struct sock_filter.
struct BpfInstruction {
  uint16_t code;
  uint8_t if_true, if_false;
  uint32_t value;
};
static_assert(sizeof(BpfInstruction) == 8);

// struct seccomp_data: what a program sees.
struct SeccompData {
  int32_t number;
  uint32_t architecture;  // AUDIT_ARCH_*
  uint64_t pc;            // behind the trapping instruction
  std::array<uint64_t, 6> arguments;
};
static_assert(sizeof(SeccompData) == 64);

inline constexpr size_t max_seccomp_instructions = 4096;

// EINVAL: not a program for seccomp(2); ENOMEM.
Result<> check_seccomp_program(std::span<const BpfInstruction> program);
// What a checked program returns for the call: an action in the upper half, its data in the lower.
uint32_t run_seccomp_program(std::span<const BpfInstruction> program, const SeccompData& data);

}  // namespace halcyon
