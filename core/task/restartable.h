// Restartable sequences (rseq(2)): a stretch of user code that must not be interrupted half-way on a CPU. The thread names the stretch it
// is in by a descriptor in memory that it shares with the kernel; if it comes back to user mode after something else ran on its CPU, or a
// signal handler is to run, or on another CPU, it goes on at the stretch's abort address instead. The same memory tells the thread which
// CPU it runs on.
//
// Layouts and rules: Linux, include/uapi/linux/rseq.h and kernel/rseq.c of 6.1. They are the same on every ISA.
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"

namespace halcyon {

class Thread;

// What a thread has registered. Only the thread itself touches it.
struct RestartableArea {
  static constexpr uint32_t size = 32;  // also its alignment
  static constexpr uint32_t no_cpu = ~0u;

  UserAddr address = 0;    // 0: none
  uint32_t signature = 0;  // stands before each abort address
  uint32_t cpu = no_cpu;   // what the area says
};

// Sets or drops the area: EINVAL (misaligned, another one registered, none registered), EBUSY (this one is already), EPERM (another
// signature), EFAULT.
Result<> register_area(Thread& self, UserAddr address, uint32_t length, uint32_t signature);
Result<> unregister_area(Thread& self, UserAddr address, uint32_t length, uint32_t signature);

// Before user code runs on after an interruption, or a signal handler runs: moves a thread that is within a sequence to its abort address,
// and brings the CPU number up to date. A malformed descriptor, or an area that cannot be reached, is answered with SIGSEGV.
void leave_sequence(Thread& self);

}  // namespace halcyon
