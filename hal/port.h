// The port: what kernel code itself stands on. Free functions chosen at link time: hal/hosted for a Linux process, hal-baremetal for a
// bare machine.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/print.h"

namespace halcyon::hal {

class Cpu;

// The CPU that runs the caller. Re-read it after anything that may block or wait: a thread migrates.
Cpu& this_cpu();

// A stack for kernel code and, while nobody runs on it, the place where its registers are kept.
struct KernelStack {
  std::byte* base = nullptr;  // lowest usable byte; a guard page lies below. Null for the stack that a CPU was started on.
  size_t size = 0;
  void* sp = nullptr;                    // saved by switch_stack
  void* fiber = nullptr;                 // the sanitizer's handle
  const void* sanitizer_base = nullptr;  // bounds as the sanitizer learned them, for a stack that was not allocated here
  size_t sanitizer_size = 0;
};

// Allocates a stack; base stays null when memory is short.
KernelStack allocate_stack();
// The stack must not be in use: its last switch_stack was by leave_stack or it never ran.
void free_stack(KernelStack& stack);
// Makes the first switch to `stack` call entry(argument), which must not return; it ends with leave_stack.
void prepare_stack(KernelStack& stack, void (*entry)(void*), void* argument);

// Saves the callee-saved registers in `from` and goes on where `to` last left. Interrupts need not be masked by the caller.
void switch_stack(KernelStack& from, KernelStack& to);
// The same, for a stack that will never run again.
[[noreturn]] void leave_stack(KernelStack& from, KernelStack& to);

// Called in a loop by whoever waits for another CPU's store. Hosted, this lets another simulated CPU run.
void spin_pause();
// Halts this CPU until something sets its pending word (Cpu::take_pending); returns at once if something already has.
void idle();

// Text for the operator before, and besides, any console: standard error hosted, the first serial line on bare metal.
Writer& early_console();

// Stops the whole machine with a failing status.
[[noreturn]] void halt();

}  // namespace halcyon::hal
