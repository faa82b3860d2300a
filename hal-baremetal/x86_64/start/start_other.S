# Where another CPU begins: in real mode, in a page below 1 MiB to which everything up to trampoline_end was copied. Through protected mode, as
# boot.S, but over tables of its own (start_root), which map the low 4 GiB at their own addresses too.

.equ trampoline_address, 0x8000         # layout.h
.equ image_offset, 0xffffffff80000000
.equ efer, 0xc0000080
.equ efer_bits, 0x901                   # as boot.S
.equ gs_base, 0xc0000101
.equ cr4_bits, 0xa0
.equ cr0_bits, 0x80050033

.section .rodata
.globl trampoline
.balign 16
trampoline:
.code16
  cli
  cld
  mov %cs, %ax
  mov %ax, %ds
  lgdtl gdt_pointer - trampoline
  mov $1, %eax
  mov %eax, %cr0
  ljmpl $0x18, $(trampoline_address + in_protected_mode - trampoline)
.code32
in_protected_mode:
  mov $cr4_bits, %eax
  mov %eax, %cr4
  mov $(start_root - image_offset), %eax
  mov %eax, %cr3
  mov $efer, %ecx
  rdmsr
  or $efer_bits, %eax
  wrmsr
  mov $cr0_bits, %eax
  mov %eax, %cr0
  ljmp $0x10, $(trampoline_address + in_long_mode - trampoline)
.code64
in_long_mode:
  mov $x86_other_high, %rax
  jmp *%rax
.balign 8
gdt:
  .quad 0, 0
  .quad 0x00af9b000000ffff              # 64-bit code
  .quad 0x00cf9b000000ffff              # 32-bit code
gdt_pointer:
  .short . - gdt - 1
  .long trampoline_address + gdt - trampoline
.globl trampoline_end
trampoline_end:

.section .text
.cfi_sections .debug_frame
x86_other_high:
  .cfi_startproc
  .cfi_undefined rip                    # a debugger's backtrace ends here
  xor %eax, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov %eax, %fs
  mov %eax, %gs
  mov cpu_start_sp(%rip), %rsp
  mov $gs_base, %ecx
  mov cpu_start_tables(%rip), %rax
  mov %rax, %rdx
  shr $32, %rdx
  wrmsr
  xor %ebp, %ebp
  push %rbp
  push %rbp
  call x86_other_started
1:
  hlt
  jmp 1b
  .cfi_endproc

.section .bss
.balign 4096
.globl start_root
start_root:
  .zero 4096
