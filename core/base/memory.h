// The kernel's heap as everything above it sees it. Defined in core/mm/frames/heap_unsafe.cpp over the slab caches of this CPU's kernel.
#pragma once

#include <cstddef>

namespace halcyon {

// Returns at least `size` bytes aligned to `alignment` (a power of two, at most page_size), uninitialised; nullptr when memory is short.
// Does not block. Rank: below every lock but the frame allocator's.
void* allocate(size_t size, size_t alignment = alignof(std::max_align_t));

// Takes back what allocate() returned; an address inside the object serves as well, null is ignored.
void deallocate(void* object);

}  // namespace halcyon
