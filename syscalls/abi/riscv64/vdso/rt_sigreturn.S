// Where a signal handler returns to (riscv64 has no SA_RESTORER): the kernel puts back what the frame at the stack pointer holds.
//
// The rules say where each register of the interrupted code lies in that frame (syscalls/abi/riscv64/signal_frame.cpp), so that unwinders
// go through it. They take a frame's return address less one to find its rules: hence the instruction before the first.

#define REGISTERS 304                   // in the frame: pc, x1..x31
#define FLOATING (REGISTERS + 32 * 8)   // f0..f31
#define NUMBER_RT_SIGRETURN 139

// "Register \number is in memory, where the stack pointer (breg2) plus \offset points", the offset in two bytes.
.macro saved number, offset
  .cfi_escape 0x10, \number, 3, 0x72, (\offset & 0x7f) | 0x80, (\offset) >> 7
.endm

.text
.cfi_startproc
.cfi_signal_frame
.cfi_return_column 64
// The caller's frame is where its own stack pointer was: *(sp + where x2 lies).
.cfi_escape 0x0f, 4, 0x72, ((REGISTERS + 2 * 8) & 0x7f) | 0x80, (REGISTERS + 2 * 8) >> 7, 0x06
saved 64, REGISTERS
.set index, 1
.rept 31
  saved index, REGISTERS + index * 8
  .set index, index + 1
.endr
.set index, 0
.rept 32
  saved index + 32, FLOATING + index * 8
  .set index, index + 1
.endr
  nop
.globl __vdso_rt_sigreturn
.type __vdso_rt_sigreturn, @function
__vdso_rt_sigreturn:
  li a7, NUMBER_RT_SIGRETURN
  ecall
.size __vdso_rt_sigreturn, . - __vdso_rt_sigreturn
.cfi_endproc
.section .note.GNU-stack, "", @progbits
