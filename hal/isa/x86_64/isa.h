// x86_64 as hal/isa/isa.h describes it.
#pragma once

#include <string_view>

#include "hal/isa/description.h"
#include "hal/isa/x86_64/layout.h"
#include "hal/isa/x86_64/page_format.h"

namespace halcyon::hal::x86_64 {

inline constexpr uint8_t dwarf_registers[] = {0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15};

struct Traits {
  using Layout = x86_64::Layout;
  using PageFormat = x86_64::PageFormat;

  static constexpr std::string_view name = "x86_64", platform = "x86_64", audit_name = "X86_64";
  static constexpr uint16_t elf_machine = 62;
  static constexpr uint32_t audit_architecture = 0xc000'003e;
  static constexpr std::string_view configuration = "CONFIG_X86=y\nCONFIG_X86_64=y\n";
  static constexpr SyscallNumbers syscall_numbers = SyscallNumbers::x86_64;
  static constexpr unsigned auxiliary_words = 48;
  static constexpr bool has_map_32bit = true, has_speculation_control = true, has_time_stamp_control = true,
                        has_syscall_user_dispatch = true;
  static constexpr unsigned general_registers = 16;
  static constexpr Unwinding unwinding{dwarf_registers, 6, 16, true, 0, 8};
};

}  // namespace halcyon::hal::x86_64
