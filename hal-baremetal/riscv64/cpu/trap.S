# In and out of user mode, traps in kernel mode, and what else C++ cannot say.
#
# sscratch holds the running program's UserFrame while the hart is in user mode, and 0 while it is in the kernel. A trap from user mode saves
# the registers there, finds the kernel stack and tp there, and returns from riscv_enter_user. A trap from kernel mode saves them on the
# stack and calls riscv_kernel_trap. Interrupts are masked from the trap on; riscv_enter_user is called and returns with them masked.

.equ frame_kernel_sp, 256               # UserFrame: 32 registers, of which slot 0 is pc, then these (context.h)
.equ frame_kernel_tp, 264
.equ trap_frame_size, 288               # TrapFrame (cpu.h): the same, then sstatus, scause, stval
.equ trap_frame_status, 256
.equ trap_frame_cause, 264
.equ trap_frame_value, 272
.equ stack_slot_bit, 14                 # set in every address of a stack, clear below it (common/stacks.h)

.macro save_callee_saved base
  sd ra, 0(\base)
  sd s0, 8(\base)
  sd s1, 16(\base)
  sd s2, 24(\base)
  sd s3, 32(\base)
  sd s4, 40(\base)
  sd s5, 48(\base)
  sd s6, 56(\base)
  sd s7, 64(\base)
  sd s8, 72(\base)
  sd s9, 80(\base)
  sd s10, 88(\base)
  sd s11, 96(\base)
.endm

.macro load_callee_saved base
  ld ra, 0(\base)
  ld s0, 8(\base)
  ld s1, 16(\base)
  ld s2, 24(\base)
  ld s3, 32(\base)
  ld s4, 40(\base)
  ld s5, 48(\base)
  ld s6, 56(\base)
  ld s7, 64(\base)
  ld s8, 72(\base)
  ld s9, 80(\base)
  ld s10, 88(\base)
  ld s11, 96(\base)
.endm
.equ callee_saved_size, 112

.macro save_from_x5 base
  .irp n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  sd x\n, 8 * \n(\base)
  .endr
.endm

.section .text
.cfi_sections .debug_frame
# void riscv_enter_user(UserFrame*)
.globl riscv_enter_user
.type riscv_enter_user, @function
riscv_enter_user:
  addi sp, sp, -callee_saved_size
  save_callee_saved sp
  sd sp, frame_kernel_sp(a0)
  sd tp, frame_kernel_tp(a0)
  ld t0, 0(a0)
  csrw sepc, t0
  csrw sscratch, a0
  .irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,10
  ld x\n, 8 * \n(a0)
  .endr
  sret
.size riscv_enter_user, . - riscv_enter_user

.balign 4
.globl riscv_trap_entry
.type riscv_trap_entry, @function
riscv_trap_entry:
  csrrw sp, sscratch, sp
  beqz sp, 1f
  sd x1, 8(sp)
  sd x3, 24(sp)
  sd x4, 32(sp)
  save_from_x5 sp
  mv a0, sp
  csrrw t0, sscratch, zero
  sd t0, 16(a0)
  csrr t0, sepc
  sd t0, 0(a0)
  ld sp, frame_kernel_sp(a0)
  ld tp, frame_kernel_tp(a0)
  load_callee_saved sp
  addi sp, sp, callee_saved_size
  ret

1:                                      # from kernel mode
  csrrw sp, sscratch, sp
  csrw sscratch, t0
  addi t0, sp, -trap_frame_size
  slli t0, t0, 63 - stack_slot_bit
  bgez t0, 2f
  csrrw t0, sscratch, zero
  sd sp, 16 - trap_frame_size(sp)
  addi sp, sp, -trap_frame_size
3:
  sd x1, 8(sp)
  sd x3, 24(sp)
  sd x4, 32(sp)
  save_from_x5 sp
  csrr t0, sepc
  sd t0, 0(sp)
  csrr t0, sstatus
  sd t0, trap_frame_status(sp)
  csrr a1, scause
  sd a1, trap_frame_cause(sp)
  csrr t0, stval
  sd t0, trap_frame_value(sp)
  mv a0, sp
  call riscv_kernel_trap
  ld t0, 0(sp)
  csrw sepc, t0
  ld t0, trap_frame_status(sp)
  csrw sstatus, t0
  ld x1, 8(sp)
  .irp n, 5,6,7,10,11,12,13,14,15,16,17,28,29,30,31
  ld x\n, 8 * \n(sp)
  .endr
  addi sp, sp, trap_frame_size
  sret

2:                                      # the stack is full: report it from another
  lla t0, overflow_stack_end
  sd sp, 16 - trap_frame_size(t0)
  addi sp, t0, -trap_frame_size
  csrrw t0, sscratch, zero
  j 3b
.size riscv_trap_entry, . - riscv_trap_entry

# void riscv_switch_stack(void** save_sp, void* new_sp). A parked stack, from its saved sp upwards: ra, s0..s11 (8 bytes each), 8 unused
# bytes; the caller's sp is +112. tp is not saved: it belongs to the CPU.
.globl riscv_switch_stack
.type riscv_switch_stack, @function
riscv_switch_stack:
  addi sp, sp, -callee_saved_size
  save_callee_saved sp
  sd sp, (a0)
  mv sp, a1
  load_callee_saved sp
  addi sp, sp, callee_saved_size
  ret
.size riscv_switch_stack, . - riscv_switch_stack

# Where a fresh stack goes on: the entry in s2, its argument in s1, and nobody to return to.
.globl riscv_stack_trampoline
.type riscv_stack_trampoline, @function
riscv_stack_trampoline:
  .cfi_startproc
  .cfi_undefined ra                     # a debugger's backtrace ends here
  mv a0, s1
  mv ra, zero
  mv fp, zero
  jalr s2
  unimp
  .cfi_endproc
.size riscv_stack_trampoline, . - riscv_stack_trampoline

# The floating-point state, of which the kernel makes no other use: f0..f31, fcsr (FloatingPoint in context.h).
.option push
.option arch, +d
.globl riscv_save_floating_point
.type riscv_save_floating_point, @function
riscv_save_floating_point:
  .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  fsd f\n, 8 * \n(a0)
  .endr
  frcsr t0
  sw t0, 256(a0)
  ret
.size riscv_save_floating_point, . - riscv_save_floating_point

.globl riscv_load_floating_point
.type riscv_load_floating_point, @function
riscv_load_floating_point:
  .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  fld f\n, 8 * \n(a0)
  .endr
  lw t0, 256(a0)
  fscsr t0
  ret
.size riscv_load_floating_point, . - riscv_load_floating_point
.option pop

.section .bss
.balign 32768
  .zero 16384                           # a slot like any other, so that traps on it find bit 14 set
overflow_stack:
  .zero 16384
overflow_stack_end:
