// eventfd(2): a 64-bit counter as a file. A write adds to it, a read takes it (or one of it, as a semaphore) and waits while it is 0.
//
// Lock: one spin lock (rank device) around the counter; user memory is touched before or after it.
#pragma once

#include "core/base/ref.h"
#include "core/file/file.h"

namespace halcyon {

// `flags` may hold O_NONBLOCK. ENOMEM.
Result<Ref<File>> make_eventfd(uint64_t value, bool is_semaphore, uint32_t flags);

}  // namespace halcyon
