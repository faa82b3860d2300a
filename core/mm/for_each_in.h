// AddressSpace::for_each_in: one action on the VMAs of a range.
#pragma once

#include "core/mm/address_space.h"

namespace halcyon {

// Calls action(vma) for the VMAs of the range, split at its ends. ENOMEM at the first hole, after what lies before it.
template <class Action>
Result<> AddressSpace::for_each_in(UserAddr address, uint64_t length, Action action) {
  if (address & page_mask) return err::inval;
  length = page_ceil(length);
  if (!is_valid_range(address, length)) return err::nomem;
  UserAddr end = address + length;
  UserAddr covered = address;
  TRY(isolate(address, end));
  bool has_hole = false;
  for (Vma* vma = find_from(address); vma && vma->start < end;) {
    if (vma->start > covered) has_hole = true;
    covered = vma->end;
    TRY(action(*vma));
    vma = vma->next;
  }
  if (covered < end || has_hole) return err::nomem;
  return {};
}

}  // namespace halcyon
