// The declarations of all system calls, generated from table.inc. A body returns the value for the result register, or an errno. It runs on
// the calling thread's own kernel stack, without locks, and may block; an interrupted wait returns one of the internal restart codes
// (core/base/errno.h).
#pragma once

#include "syscalls/types.h"

namespace halcyon {

#define SYSCALL_PARAMETERS(...) Thread& self __VA_OPT__(, ) __VA_ARGS__
#define SYSCALL(name, x86_64, generic, parameters, ...) Result<uint64_t> sys_##name(SYSCALL_PARAMETERS parameters);
#include "syscalls/table.inc"
#undef SYSCALL
#undef SYSCALL_PARAMETERS

}  // namespace halcyon
