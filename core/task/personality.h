// Personality: what the core asks of the system-call layer above it. Implemented in syscalls/abi; one object per kernel.
#pragma once

#include <span>
#include <string_view>

#include "core/base/result.h"
#include "core/task/signal/signal.h"
#include "hal/trap.h"

namespace halcyon {

class Thread;

class Personality {
 public:
  virtual ~Personality() = default;

  // Carries out the system call that `self` just trapped with, and stores its result in the context. Returns true if the call was
  // interrupted and asks for a restart (the result is then an internal Errno kept in `self`).
  virtual void syscall(Thread& self) = 0;

  // Makes the thread's next stretch of user code run `action.handler`: pushes a signal frame with `info` and the blocked set to come back
  // to. EFAULT if the stack cannot hold it.
  virtual Result<> push_signal_frame(Thread& self, const SignalInfo& info, const SignalAction& action, SignalSet old_mask) = 0;

  // The result register after a call that was interrupted and is not restarted: EINTR as the ABI encodes it.
  virtual uint64_t interrupted_result() const = 0;
  // Makes the next run execute restart_syscall(2).
  virtual void arrange_restart_syscall(Thread& self) = 0;
  // What of personality(2) a new program does not take over.
  virtual uint32_t personality_lost_on_exec() const = 0;
};

}  // namespace halcyon
