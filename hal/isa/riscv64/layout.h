// Where things lie in a riscv64 Sv39 address space: user memory below 2^38.
#pragma once

#include <cstdint>

namespace halcyon::hal::riscv64 {

struct Layout {
  static constexpr uint64_t user_end = 0x40'0000'0000;
  static constexpr uint64_t stack_top = 0x3f'ffff'f000;
  static constexpr uint64_t mmap_base = 0x3f'f7ff'f000;
  static constexpr uint64_t pie_base = 0x2a'aaaa'a000;
};

}  // namespace halcyon::hal::riscv64
