// riscv64 as hal/isa/isa.h describes it.
#pragma once

#include <string_view>

#include "hal/isa/description.h"
#include "hal/isa/riscv64/layout.h"
#include "hal/isa/riscv64/page_format.h"

namespace halcyon::hal::riscv64 {

inline constexpr uint8_t dwarf_registers[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                              16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

struct Traits {
  using Layout = riscv64::Layout;
  using PageFormat = riscv64::PageFormat;

  static constexpr std::string_view name = "riscv64", platform = "", audit_name = "RISCV64";
  static constexpr uint16_t elf_machine = 243;
  static constexpr uint32_t audit_architecture = 0xc000'00f3;
  static constexpr std::string_view configuration = "CONFIG_FPU=y\nCONFIG_RISCV=y\nCONFIG_RISCV_ISA_C=y\n";
  static constexpr SyscallNumbers syscall_numbers = SyscallNumbers::generic;
  static constexpr unsigned auxiliary_words = 60;
  static constexpr bool has_map_32bit = false, has_speculation_control = false, has_time_stamp_control = false,
                        has_syscall_user_dispatch = false;
  static constexpr unsigned general_registers = 32;
  static constexpr Unwinding unwinding{dwarf_registers, 8, 1, false, -16, -8};
};

}  // namespace halcyon::hal::riscv64
