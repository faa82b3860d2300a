// Where things lie in an x86_64 address space: user memory below 2^47, less the last page (a SYSCALL there would return to a
// non-canonical address).
#pragma once

#include <cstdint>

namespace halcyon::hal::x86_64 {

struct Layout {
  static constexpr uint64_t user_end = 0x7fff'ffff'f000;
  static constexpr uint64_t stack_top = 0x7fff'ffff'f000;
  static constexpr uint64_t mmap_base = 0x7fff'f7ff'f000;  // 128 MiB below the stack top, growing down
  static constexpr uint64_t pie_base = 0x5555'5555'4000;
};

}  // namespace halcyon::hal::x86_64
