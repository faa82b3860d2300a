// Filling Unicorn's TLB: the walk of the user's page tables, straight in RAM. Unicorn's own looks each table up in its map of the machine's
// memory, at several times the price. What this one does not find, Unicorn's looks for, and raises the fault.
#pragma once

#include <cstring>

#include "core/base/types.h"
#include "hal-unicorn/inside.h"
#include "hal/trap.h"

namespace halcyon::hal {

struct Translation {
  uint64_t page = 0;  // in RAM
  int permissions = 0;
};

// Fails for all but a permitted access to a page of `running->root`, whose tables hold no superpage. Sets what the CPU sets in the entry.
template <class Format>
bool translate(uint64_t address, Access access, Translation& to) {
  constexpr unsigned address_bits = page_shift + 9 * Format::levels - 1;  // of user code
  if (address >> address_bits != 0) return false;
  std::byte* memory = running->memory;
  uint64_t entry = Format::table(running->root);
  std::byte* slot = nullptr;
  for (unsigned level = Format::levels; level-- > 0;) {
    slot = memory + Format::address(entry) + (address >> (page_shift + 9 * level) & 511) * sizeof entry;
    std::memcpy(&entry, slot, sizeof entry);
    if (!Format::is_present(entry) || Format::address(entry) >= running->memory_size) return false;
  }
  if (!Format::permits(entry, access)) return false;
  if (uint64_t touched = Format::touched(access); (entry & touched) != touched) {
    entry |= touched;
    std::memcpy(slot, &entry, sizeof entry);
  }
  // Unicorn's PAGE_READ, PAGE_WRITE, PAGE_EXEC. The first store to a clean page comes here again.
  constexpr int readable = 1, writable = 2, executable = 4;
  to.page = Format::address(entry);
  to.permissions = (Format::permits(entry, Access::read) ? readable : 0) | (Format::permits(entry, Access::execute) ? executable : 0) |
                   (Format::permits(entry, Access::write) && Format::is_dirty(entry) ? writable : 0);
  return true;
}

}  // namespace halcyon::hal
