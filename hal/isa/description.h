// What a description of an ISA consists of; hal/isa/isa.h has the descriptions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace halcyon::hal {

// What unwinding a stack has to know.
struct Unwinding {
  std::span<const uint8_t> dwarf_registers;  // the general register of each DWARF number
  unsigned dwarf_frame_pointer;
  unsigned dwarf_return_address;  // the register that a call leaves it in; of x86_64, which pushes it, the pseudo-register for the pc
  bool call_pushes;
  int64_t saved_frame_pointer, saved_return_address;  // in memory, relative to the frame pointer
};

// A column of syscalls/table.inc.
enum class SyscallNumbers : uint8_t {
  x86_64,
  generic,  // asm-generic/unistd.h: of every ISA that came to Linux late
};

struct IsaDescription {
  std::string_view name;           // uname(2)'s machine, --isa, the prefix of a GNU triplet
  std::string_view platform;       // AT_PLATFORM of getauxval(3); empty: there is none
  uint16_t elf_machine;            // EM_* of elf(5)
  uint32_t audit_architecture;     // AUDIT_ARCH_* of seccomp(2)
  std::string_view audit_name;     // what strace(1) shows of that behind AUDIT_ARCH_
  std::string_view configuration;  // the lines of /proc/config.gz that only this ISA has
  SyscallNumbers syscall_numbers;  // which column of syscalls/table.inc holds its numbers
  unsigned auxiliary_words;        // AT_VECTOR_SIZE of Linux, which counts the ISA's own entries
  bool has_map_32bit;              // mmap(2)
  bool has_speculation_control;    // prctl(2), PR_SET_SPECULATION_CTRL
  bool has_time_stamp_control;     // PR_SET_TSC
  bool has_syscall_user_dispatch;  // PR_SET_SYSCALL_USER_DISPATCH
  uint64_t user_end;               // where the addresses of programs end
  uint64_t stack_top, mmap_base;   // both grow down from there
  uint64_t pie_base;               // of a position-independent program
  unsigned general_registers;      // general(0) .. general(general_registers - 1)
  const Unwinding& unwinding;
};

// From a Traits, in which nothing may be missing.
template <class Traits>
constexpr IsaDescription describe() {
  using Layout = Traits::Layout;
  return {.name = Traits::name,
          .platform = Traits::platform,
          .elf_machine = Traits::elf_machine,
          .audit_architecture = Traits::audit_architecture,
          .audit_name = Traits::audit_name,
          .configuration = Traits::configuration,
          .syscall_numbers = Traits::syscall_numbers,
          .auxiliary_words = Traits::auxiliary_words,
          .has_map_32bit = Traits::has_map_32bit,
          .has_speculation_control = Traits::has_speculation_control,
          .has_time_stamp_control = Traits::has_time_stamp_control,
          .has_syscall_user_dispatch = Traits::has_syscall_user_dispatch,
          .user_end = Layout::user_end,
          .stack_top = Layout::stack_top,
          .mmap_base = Layout::mmap_base,
          .pie_base = Layout::pie_base,
          .general_registers = Traits::general_registers,
          .unwinding = Traits::unwinding};
}

}  // namespace halcyon::hal
