// FakeIsa: how the registers, traps and instructions of an ISA's CPU are, as far as the fake machine shows them.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <utility>

#include "hal/trap.h"

namespace halcyon::hal {

// The instructions of which sigreturn trampolines are made.
struct FakeInstruction {
  enum class Kind : uint8_t { illegal, load_number, syscall } kind = Kind::illegal;
  unsigned size = 0;
  uint64_t value = 0;
};

struct FakeIsa {
  // --- registers, by the number that general() counts; nothing: a register of its own, or none
  unsigned sp, number, result;
  std::array<unsigned, 6> arguments;
  std::optional<unsigned> tls;
  std::optional<unsigned> return_address;  // nothing: it is on the stack
  bool reads_zero;                         // register 0
  bool has_gs_base, has_flags;
  uint64_t initial_flags;
  // Where the return from a system call leaves pc and flags.
  std::optional<unsigned> pc_after_syscall, flags_after_syscall;

  // --- the floating-point image
  size_t floating_point_size;
  size_t control_at;                                         // the word of which some bits must be clear
  uint32_t control_reserved;                                 // these
  void (*reset_floating_point)(std::span<std::byte> image);  // which is clear

  // --- code
  unsigned syscall_size;
  bool has_coherent_fetch;  // what is stored to code is executed, with no fence
  FakeInstruction (*decode)(uint64_t bits);
  uint64_t clone, exit;  // the only two calls that the machine itself knows

  // --- page faults
  // Fills in how the ISA numbers and explains it.
  void (*explain_page_fault)(Trap& trap, bool is_present);
  bool checks_canonical;  // between the halves of the address space the tables are not even looked at: Exception::protection
};

extern const FakeIsa fake_x86_64, fake_riscv64;

inline const FakeIsa& fake_isa(Isa isa) {
  switch (isa) {
    case Isa::x86_64: return fake_x86_64;
    case Isa::riscv64: return fake_riscv64;
  }
  std::unreachable();
}

}  // namespace halcyon::hal
