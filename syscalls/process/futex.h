// What restart_syscall(2) needs of futex(2).
#pragma once

#include "core/base/result.h"

namespace halcyon {

class Thread;

// Continues an interrupted FUTEX_WAIT with a relative timeout.
Result<uint64_t> restart_futex(Thread& self);

}  // namespace halcyon
