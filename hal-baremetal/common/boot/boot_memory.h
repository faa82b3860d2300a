// Memory for what is built before there is a kernel and stays for good.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace halcyon::hal {

// Zero-filled. Panics when the region for it is full. On CPU 0 only.
void* allocate_for_boot(size_t size, size_t alignment);

template <class T, class... Args>
T& make_for_boot(Args&&... args) {
  return *new (allocate_for_boot(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
}

}  // namespace halcyon::hal
