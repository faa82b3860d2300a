// Page-table entries of riscv64 Sv39 (RISC-V privileged specification, 4.4). Entries are created with A, and with D if writable: hardware
// may fault instead of setting them.
#pragma once

#include <cstdint>

#include "hal/trap.h"

namespace halcyon::hal::riscv64 {

struct PageFormat {
  static constexpr unsigned levels = 3;
  static constexpr unsigned user_root_entries = 256;

  static constexpr uint64_t valid = 1, readable = 2, writable = 4, executable = 8, user = 16, accessed = 64, dirty = 128;
  static constexpr uint64_t copy_on_write = uint64_t{1} << 8;  // RSW

  static constexpr uint64_t frame_number(uint64_t address) { return address >> 12 << 10; }
  // Without R, W and X an entry would be a pointer, so an inaccessible page keeps R and loses U.
  static constexpr uint64_t leaf(uint64_t address, bool read, bool write, bool execute, bool cow) {
    uint64_t access = (write ? readable | writable | dirty : 0) | (execute ? executable : 0) | (read || !execute ? readable : 0);
    return frame_number(address) | valid | accessed | access | (read || write || execute ? user : 0) | (cow ? copy_on_write : 0);
  }
  static constexpr uint64_t table(uint64_t address) { return frame_number(address) | valid; }
  static constexpr bool is_present(uint64_t entry) { return (entry & valid) != 0; }
  static constexpr uint64_t address(uint64_t entry) { return (entry >> 10 & 0xfff'ffff'ffff) << 12; }
  static constexpr bool may_read(uint64_t entry) { return (entry & (user | readable)) == (user | readable); }
  static constexpr bool may_write(uint64_t entry) { return (entry & writable) != 0; }
  static constexpr bool may_execute(uint64_t entry) { return (entry & executable) != 0; }
  static constexpr bool is_copy_on_write(uint64_t entry) { return (entry & copy_on_write) != 0; }
  static constexpr bool is_dirty(uint64_t entry) { return (entry & dirty) != 0; }
  static constexpr bool permits(uint64_t entry, Access access) {
    if ((entry & (valid | user)) != (valid | user)) return false;
    uint64_t needed = access == Access::read ? readable : access == Access::write ? writable : executable;
    return (entry & needed) != 0;
  }
  static constexpr uint64_t touched(Access access) { return accessed | (access == Access::write ? dirty : 0); }
};

}  // namespace halcyon::hal::riscv64
