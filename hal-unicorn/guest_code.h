// Reading an instruction that has to be emulated, through the user's page tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/base/types.h"
#include "hal/trap.h"

namespace halcyon::hal {

// Copies `size` bytes (less than a page) from executable memory at `address`; false if not all of it is mapped so. The CPU has just fetched
// them, so superpages apart, which no user tables hold, it finds what the CPU found.
template <class Format>
bool read_code(const std::byte* memory, Root root, uint64_t address, void* bytes, size_t size) {
  auto* out = static_cast<std::byte*>(bytes);
  while (size > 0) {
    uint64_t entry = Format::table(root);
    for (unsigned level = Format::levels; level-- > 0;) {
      uint64_t slot = Format::address(entry) + (address >> (page_shift + 9 * level) & 511) * sizeof entry;
      std::memcpy(&entry, memory + slot, sizeof entry);
      if (!Format::is_present(entry)) return false;
    }
    if (!Format::permits(entry, Access::execute)) return false;
    size_t count = page_size - (address & page_mask);
    if (count > size) count = size;
    std::memcpy(out, memory + Format::address(entry) + (address & page_mask), count);
    out += count;
    address += count;
    size -= count;
  }
  return true;
}

}  // namespace halcyon::hal
