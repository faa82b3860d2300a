# The first instructions: translation off, everything at its physical address, so only pc-relative addresses are right. Firmware leaves the
# hart's number in a0 and the device tree's address in a1.
#
# A hart that comes here second was started for riscv_start_other: OpenSBI 1.1 tells a hart to start before it stores the address where, so a
# hart that looks just then begins at the boot hart's.
#
# A first set of tables maps the gibibyte of the image where it is linked, and the gibibytes of image and device tree in the direct map. With
# stvec at the next instruction's final address, the fetch that fails after satp was written arrives there.

.equ image_shift, 0xffffffff00000000    # layout.h: image_offset
.equ entry_rwx, 0xef                    # valid, all rights, global, accessed, dirty
.equ entry_rw, 0xe7
.equ satp_sv39, 8 << 60

# Sets entry `index` of the table at `table` to map the gibibyte of number `gib`. Changes t5, t6.
.macro map_gibibyte table, index, gib, rights
  slli t5, \gib, 28                     # its page number << 10
  ori t5, t5, \rights
  slli t6, \index, 3
  add t6, t6, \table
  sd t5, (t6)
.endm

# Continues at the next instruction, but where it is linked, over the tables of `satp`. Changes t5, t6.
.macro translate satp
  lla t5, 9f
  li t6, image_shift
  add t5, t5, t6
  csrw stvec, t5
  sfence.vma
  csrw satp, \satp
  .balign 4
9:
.endm

.section .boot, "ax"
.cfi_sections .debug_frame
.globl _start
_start:
  .cfi_startproc
  .cfi_undefined ra                     # a debugger's backtrace ends here
  csrw sie, zero
  lla t0, is_taken
  li t1, 1
  amoswap.w.aqrl t1, t1, (t0)
  bnez t1, 5f
  mv s0, a0
  mv s1, a1
  lla t0, bss_start
  lla t1, bss_end
1:
  sd zero, (t0)
  addi t0, t0, 8
  bltu t0, t1, 1b

  lla s2, kernel_root
  lla t0, _start
  srli t0, t0, 30
  li t1, 510
  map_gibibyte s2, t1, t0, entry_rwx
  addi t1, t0, 256
  map_gibibyte s2, t1, t0, entry_rw
  srli t0, s1, 30
  li t2, 250
  bgeu t0, t2, 2f                       # no direct map reaches there; the start will say so
  addi t1, t0, 256
  map_gibibyte s2, t1, t0, entry_rw
2:
  srli t0, s2, 12
  li t1, satp_sv39
  or t0, t0, t1
  translate t0

  lla sp, boot_stack_end
  mv tp, zero
  mv a0, s0
  mv a1, s1
  mv fp, zero                           # which is s0
  call riscv_start
3:
  wfi
  j 3b
  .cfi_endproc

5:
  lla a1, riscv_hart_start
  ld t0, 0(a1)
  bnez t0, riscv_start_other
6:                                      # nobody has asked for it yet
  wfi
  j 6b

# Where another hart begins: a1 holds the physical address of {satp, sp, tp}.
.globl riscv_start_other
riscv_start_other:
  .cfi_startproc
  .cfi_undefined ra
  csrw sie, zero
  ld t0, 0(a1)
  ld sp, 8(a1)
  ld tp, 16(a1)
  translate t0
  mv fp, zero
  mv a0, tp
  call riscv_other_started
4:
  wfi
  j 4b
  .cfi_endproc

.section .data
.balign 4
is_taken:                               # a hart boots
  .word 0

.section .bss
.balign 4096
.globl kernel_root
kernel_root:
  .zero 4096
