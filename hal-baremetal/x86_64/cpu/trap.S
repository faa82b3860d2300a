# In and out of user mode, traps in kernel mode, and what else C++ cannot say.
#
# In the kernel, gs leads to this CPU's CpuTables (descriptors.h); user code's own gs base waits behind swapgs. While user code runs, the task
# state's stack pointer is the end of its TrapFrame, so the CPU itself stores the first words of an interrupt or exception there. A system call
# stores all of it by hand. Both return from x86_enter_user or x86_leave_call, whose caller has left its registers to be overwritten, but for
# rbp. A trap in kernel mode saves the frame on the stack and calls x86_kernel_trap. All entries mask interrupts; user code is entered, and
# comes back, with them masked.

.equ tables_kernel_sp, 8                # CpuTables
.equ tables_frame, 16
.equ tables_user_sp, 24

.equ frame_r15, 0                       # TrapFrame (context.h)
.equ frame_r14, 8
.equ frame_r13, 16
.equ frame_r12, 24
.equ frame_rbp, 32
.equ frame_rbx, 40
.equ frame_r11, 48
.equ frame_r10, 56
.equ frame_r9, 64
.equ frame_r8, 72
.equ frame_rax, 80
.equ frame_rcx, 88
.equ frame_rdx, 96
.equ frame_rsi, 104
.equ frame_rdi, 112
.equ frame_vector, 120
.equ frame_rip, 136
.equ frame_flags, 152
.equ frame_rsp, 160
.equ system_call, 256                   # the vector of a system call

.equ plain_flags, 2                     # RFLAGS with nothing set
.equ gs_base, 0xc0000101

.macro push_registers
  push %rdi
  push %rsi
  push %rdx
  push %rcx
  push %rax
  push %r8
  push %r9
  push %r10
  push %r11
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
.endm

.macro pop_registers
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  pop %r11
  pop %r10
  pop %r9
  pop %r8
  pop %rax
  pop %rcx
  pop %rdx
  pop %rsi
  pop %rdi
.endm

.section .text
.cfi_sections .debug_frame
# The TrapFrame in rdi is the one that CpuTables names. All registers but rbp are lost.
.globl x86_enter_user
.type x86_enter_user, @function
x86_enter_user:
  push %rbp
  mov %rsp, %gs:tables_kernel_sp
  mov %rdi, %rsp
  pop_registers
  add $16, %rsp
  swapgs
  iretq
.size x86_enter_user, . - x86_enter_user

# The same, back from a system call that left pc and flags unchanged.
.globl x86_leave_call
.type x86_leave_call, @function
x86_leave_call:
  push %rbp
  mov %rsp, %gs:tables_kernel_sp
  mov frame_rip(%rdi), %rcx
  mov frame_flags(%rdi), %r11
  mov frame_r15(%rdi), %r15
  mov frame_r14(%rdi), %r14
  mov frame_r13(%rdi), %r13
  mov frame_r12(%rdi), %r12
  mov frame_rbp(%rdi), %rbp
  mov frame_rbx(%rdi), %rbx
  mov frame_r10(%rdi), %r10
  mov frame_r9(%rdi), %r9
  mov frame_r8(%rdi), %r8
  mov frame_rax(%rdi), %rax
  mov frame_rdx(%rdi), %rdx
  mov frame_rsi(%rdi), %rsi
  mov frame_rsp(%rdi), %rsp
  mov frame_rdi(%rdi), %rdi
  swapgs
  sysretq
.size x86_leave_call, . - x86_leave_call

.globl x86_system_call
.type x86_system_call, @function
x86_system_call:
  swapgs
  mov %rsp, %gs:tables_user_sp
  mov %gs:tables_frame, %rsp
  mov %rdi, frame_rdi(%rsp)
  mov %rsi, frame_rsi(%rsp)
  mov %rdx, frame_rdx(%rsp)
  mov %rcx, frame_rcx(%rsp)
  mov %rax, frame_rax(%rsp)
  mov %r8, frame_r8(%rsp)
  mov %r9, frame_r9(%rsp)
  mov %r10, frame_r10(%rsp)
  mov %r11, frame_r11(%rsp)
  mov %rbx, frame_rbx(%rsp)
  mov %rbp, frame_rbp(%rsp)
  mov %r12, frame_r12(%rsp)
  mov %r13, frame_r13(%rsp)
  mov %r14, frame_r14(%rsp)
  mov %r15, frame_r15(%rsp)
  mov %rcx, frame_rip(%rsp)
  mov %r11, frame_flags(%rsp)
  movq $system_call, frame_vector(%rsp)
  mov %gs:tables_user_sp, %rax
  mov %rax, frame_rsp(%rsp)
  mov %gs:tables_kernel_sp, %rsp
  pop %rbp
  ret
.size x86_system_call, . - x86_system_call

# The IDT's entries lead here, 16 bytes each. Where the CPU stores no error code, a zero takes its place.
.balign 16
.globl x86_vectors
x86_vectors:
.set vector, 0
.rept 256
  .balign 16
  .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
  .else
  push $0
  .endif
  push $vector
  .if vector == 2 || vector == 8 || vector == 18
  jmp emergency
  .else
  jmp trap_entry
  .endif
  .set vector, vector + 1
.endr

.type trap_entry, @function
trap_entry:
  testb $3, 24(%rsp)
  jz 1f
  swapgs
  push_registers
  mov %gs:tables_kernel_sp, %rsp
  push $plain_flags                     # a user may set direction and alignment check
  popf
  pop %rbp
  ret
1:
  push_registers
  cld
  mov %rsp, %rdi
  call x86_kernel_trap
  pop_registers
  add $16, %rsp
  iretq
.size trap_entry, . - trap_entry

# What comes on a stack of its own, at any time, and never returns: whose gs base is in force only its value tells.
.type emergency, @function
emergency:
  push_registers
  cld
  mov $gs_base, %ecx
  rdmsr
  test %edx, %edx
  js 1f
  swapgs
1:
  mov %rsp, %rdi
  call x86_kernel_trap
  ud2
.size emergency, . - emergency

# void x86_switch_stack(void** save_sp, void* new_sp). A parked stack, from its saved sp upwards: r15, r14, r13, r12, rbx, rbp, the return
# address.
.globl x86_switch_stack
.type x86_switch_stack, @function
x86_switch_stack:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size x86_switch_stack, . - x86_switch_stack

# Where a fresh stack goes on: the entry in r12, its argument in rbx, and nobody to return to.
.globl x86_stack_trampoline
.type x86_stack_trampoline, @function
x86_stack_trampoline:
  .cfi_startproc
  .cfi_undefined rip                    # a debugger's backtrace ends here
  mov %rbx, %rdi
  xor %ebp, %ebp
  call *%r12
  ud2
  .cfi_endproc
.size x86_stack_trampoline, . - x86_stack_trampoline

.section .bss
.balign 32768
  .zero 16384                           # a slot like any other (common/stacks.h)
.globl emergency_stack
emergency_stack:
  .zero 16384
.globl emergency_stack_end
emergency_stack_end:
