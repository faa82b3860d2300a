// What an operation on an address space took out of it. VMAs (whose files may block when they close) and frames are dropped when this goes,
// which must be after the lock was released.
#pragma once

#include "core/mm/address_space.h"

namespace halcyon {

struct AddressSpace::Removed {
  VmaTree vmas;
};

}  // namespace halcyon
