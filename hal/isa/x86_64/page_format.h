// Page-table entries of x86_64 with four levels (Intel SDM vol. 3A, 4.5).
#pragma once

#include <cstdint>

#include "hal/trap.h"

namespace halcyon::hal::x86_64 {

struct PageFormat {
  static constexpr unsigned levels = 4;
  static constexpr unsigned user_root_entries = 256;  // the upper half belongs to the HAL

  static constexpr uint64_t present = 1, writable = 2, user = 4, accessed = 0x20, dirty = 0x40, copy_on_write = uint64_t{1} << 9;
  static constexpr uint64_t no_execute = uint64_t{1} << 63;
  static constexpr uint64_t address_mask = 0x000f'ffff'ffff'f000;

  // `read` false makes an entry that keeps its frame but lets no user access through.
  static constexpr uint64_t leaf(uint64_t address, bool read, bool write, bool execute, bool cow) {
    return address | present | (read ? user : 0) | (write ? writable : 0) | (execute ? 0 : no_execute) | (cow ? copy_on_write : 0);
  }
  static constexpr uint64_t table(uint64_t address) { return address | present | writable | user; }
  static constexpr bool is_present(uint64_t entry) { return (entry & present) != 0; }
  static constexpr uint64_t address(uint64_t entry) { return entry & address_mask; }
  static constexpr bool may_read(uint64_t entry) { return (entry & user) != 0; }
  static constexpr bool may_write(uint64_t entry) { return (entry & writable) != 0; }
  static constexpr bool may_execute(uint64_t entry) { return (entry & no_execute) == 0; }
  static constexpr bool is_copy_on_write(uint64_t entry) { return (entry & copy_on_write) != 0; }
  static constexpr bool is_dirty(uint64_t entry) { return (entry & dirty) != 0; }
  static constexpr bool permits(uint64_t entry, Access access) {
    if ((entry & (present | user)) != (present | user)) return false;
    if (access == Access::write) return may_write(entry);
    return access == Access::read || may_execute(entry);
  }
  // The bits that the CPU would set for the access.
  static constexpr uint64_t touched(Access access) { return accessed | (access == Access::write ? dirty : 0); }
};

}  // namespace halcyon::hal::x86_64
