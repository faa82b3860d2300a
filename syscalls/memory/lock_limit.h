// RLIMIT_MEMLOCK (setrlimit(2)), as mlock(2), mlockall(2) and mmap(2) apply it.
#pragma once

#include "core/task/process/process.h"
#include "core/task/thread.h"

namespace halcyon {

inline bool may_lock(Thread& self) {
  return has_capability(self.credentials(), capability::ipc_lock) || self.process().limit(Limit::locked_memory).soft != 0;
}

// Whether [address, address + length) may be locked besides what is.
inline bool fits_lock_limit(Thread& self, UserAddr address, uint64_t length) {
  if (has_capability(self.credentials(), capability::ipc_lock)) return true;
  uint64_t limit = self.process().limit(Limit::locked_memory).soft;
  return limit == unlimited || self.memory().locked_pages_with(address, length) <= limit >> page_shift;
}

}  // namespace halcyon
