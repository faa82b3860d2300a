// The parts of prctl(2) that have files of their own. Each returns what the call returns.
#pragma once

#include "core/task/thread.h"
#include "syscalls/types.h"

namespace halcyon {

// --- prctl_memory.cpp
Result<uint64_t> set_memory_places(Thread& self, uint64_t option, uint64_t address, uint64_t size, uint64_t unused);  // PR_SET_MM
// --- seccomp.cpp
Result<uint64_t> set_seccomp(Thread& self, uint64_t mode, uint64_t program);  // PR_SET_SECCOMP
// --- credentials/securebits.cpp
Result<uint64_t> set_keep_capabilities(Thread& self, uint64_t value);
Result<uint64_t> set_secure_bits(Thread& self, uint64_t wanted);
Result<uint64_t> drop_bounding_capability(Thread& self, uint64_t number);
// PR_CAP_AMBIENT; `has_more`: of the unused arguments.
Result<uint64_t> change_ambient(Thread& self, uint64_t operation, uint64_t number, bool has_more);

}  // namespace halcyon
