// Whether one process may look into another, or take something from it: ptrace(2), "Ptrace access mode checking".
#pragma once

#include "core/task/thread.h"

namespace halcyon {

// PTRACE_MODE_FSCREDS, PTRACE_MODE_REALCREDS: which ids of the caller count.
enum class AccessBy : uint8_t { file_system_ids, real_ids };

// For somebody of another process.
bool may_access(const Credentials& who, AccessBy by, const Credentials& whose, bool is_dumpable);

// What the thread with that id, or the process, uses, for a caller that may access it by its real ids. Members are null when it has ended.
// ESRCH, EPERM. Take the process tree's lock.
Result<Thread::Resources> access_thread(Thread& self, int tid);
Result<Thread::Resources> access_process(Thread& self, Process& process);

}  // namespace halcyon
