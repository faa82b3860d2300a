// Kernel stacks on an x86_64 host, and switching between them.
//
// A parked stack, from its saved sp upwards (tools that walk parked threads rely on it):
//   +0 MXCSR (4 bytes), +4 x87 control word (2 bytes), +8 r15, +16 r14, +24 r13, +32 r12, +40 rbx, +48 rbp, +56 rip; the caller's sp is
//   +64.
// These are what the System V ABI lets a callee keep; everything else is dead across the call. A fresh stack "returns" into the trampoline,
// with its entry function in r13 and the argument in r12. The trampoline's unwind information says that it has no caller, so a backtrace
// ends there.
#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "hal/hosted/sanitizers.h"
#include "hal/port.h"

extern "C" {
void halcyon_switch_stack(void** save_sp, void* new_sp);
void halcyon_stack_trampoline();
[[noreturn]] void halcyon_stack_start(void* argument, void (*entry)(void*));
}

asm(R"(
.pushsection .text
.balign 16
.globl halcyon_switch_stack
.type halcyon_switch_stack,@function
halcyon_switch_stack:
  .cfi_startproc
  push %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rbp,0
  push %rbx
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rbx,0
  push %r12
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r12,0
  push %r13
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r13,0
  push %r14
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r14,0
  push %r15
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %r15,0
  sub $8,%rsp
  .cfi_adjust_cfa_offset 8
  stmxcsr (%rsp)
  fnstcw 4(%rsp)
  mov %rsp,(%rdi)
  mov %rsi,%rsp
  ldmxcsr (%rsp)
  fldcw 4(%rsp)
  add $8,%rsp
  .cfi_adjust_cfa_offset -8
  pop %r15
  .cfi_adjust_cfa_offset -8
  .cfi_restore %r15
  pop %r14
  .cfi_adjust_cfa_offset -8
  .cfi_restore %r14
  pop %r13
  .cfi_adjust_cfa_offset -8
  .cfi_restore %r13
  pop %r12
  .cfi_adjust_cfa_offset -8
  .cfi_restore %r12
  pop %rbx
  .cfi_adjust_cfa_offset -8
  .cfi_restore %rbx
  pop %rbp
  .cfi_adjust_cfa_offset -8
  .cfi_restore %rbp
  ret
  .cfi_endproc
.size halcyon_switch_stack,.-halcyon_switch_stack

.balign 16
.type halcyon_stack_trampoline_frame,@function
halcyon_stack_trampoline_frame:
  .cfi_startproc
  .cfi_undefined %rip
  nop                     # an unwinder looks up the return address minus one: that must lie in here too
.globl halcyon_stack_trampoline
.type halcyon_stack_trampoline,@function
halcyon_stack_trampoline:
  xor %ebp,%ebp
  mov %r12,%rdi
  mov %r13,%rsi
  call halcyon_stack_start
  ud2
  .cfi_endproc
.size halcyon_stack_trampoline,.-halcyon_stack_trampoline
.popsection
)");

namespace halcyon::hal {
namespace {

// 256 KiB (Unicorn runs on them) above a guard page, kept for reuse: mapping one costs microseconds and its first page faults some more,
// which a fork would feel.
constexpr size_t stack_size = 256 << 10;
constexpr size_t guard_size = 4096;

struct Cache {
  std::array<std::byte*, 64> bases;
  size_t count;
};

// Per host thread, so that it needs no lock. A host thread that ends leaves its stacks mapped.
constinit thread_local Cache cache{};

struct ParkedFrame {
  uint32_t mxcsr;
  uint16_t x87_control;
  uint16_t unused;
  uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};
static_assert(sizeof(ParkedFrame) == 64);

// Who is being left; the side that arrives tells the sanitizer. Read only between the two halves of one switch, so it may be thread_local.
constinit thread_local KernelStack* leaving = nullptr;

}  // namespace

KernelStack allocate_stack() {
  KernelStack stack;
  stack.size = stack_size;
  if (cache.count > 0) {
    stack.base = cache.bases[--cache.count];
    return stack;
  }
  void* mapping = mmap(nullptr, guard_size + stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return {};
  if (mprotect(mapping, guard_size, PROT_NONE) != 0) {
    munmap(mapping, guard_size + stack_size);
    return {};
  }
  stack.base = static_cast<std::byte*>(mapping) + guard_size;
  sanitizer::stack_mapped(stack);
  return stack;
}

void free_stack(KernelStack& stack) {
  if (!stack.base) return;
  sanitizer::destroy_fiber(stack);
  sanitizer::stack_reusable(stack);
  if (cache.count < cache.bases.size()) {
    cache.bases[cache.count++] = stack.base;
  } else {
    sanitizer::stack_unmapped(stack);
    munmap(stack.base - guard_size, guard_size + stack.size);
  }
  stack = {};
}

void prepare_stack(KernelStack& stack, void (*entry)(void*), void* argument) {
  sanitizer::create_fiber(stack);
  // 16-aligned above the frame, as before a call; the two words above stay zero for unwinders that go by frame pointers.
  auto* frame = reinterpret_cast<ParkedFrame*>(stack.base + stack.size - 16 - sizeof(ParkedFrame));
  std::memset(static_cast<void*>(frame), 0, sizeof *frame + 16);
  frame->mxcsr = 0x1f80;
  frame->x87_control = 0x37f;
  frame->r12 = reinterpret_cast<uint64_t>(argument);
  frame->r13 = reinterpret_cast<uint64_t>(entry);
  frame->rip = reinterpret_cast<uint64_t>(&halcyon_stack_trampoline);
  stack.sp = frame;
}

void switch_stack(KernelStack& from, KernelStack& to) {
  leaving = &from;
  sanitizer::start_switch(&from, to);
  halcyon_switch_stack(&from.sp, to.sp);
  sanitizer::finish_switch(from.fiber, *leaving);
}

void leave_stack(KernelStack& from, KernelStack& to) {
  leaving = &from;
  sanitizer::start_switch(nullptr, to);
  halcyon_switch_stack(&from.sp, to.sp);
  __builtin_unreachable();
}

extern "C" void halcyon_stack_start(void* argument, void (*entry)(void*)) {
  sanitizer::finish_switch(nullptr, *leaving);
  entry(argument);
  __builtin_trap();
}

}  // namespace halcyon::hal
