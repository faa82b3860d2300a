# The first instructions, which run where they are loaded. PVH loaders (QEMU) and multiboot2 loaders (GRUB) both enter in 32-bit protected mode
# with flat segments and no paging: eax tells them apart, ebx holds the address of what they pass.
#
# A first set of tables maps the low 4 GiB in pages of 2 MiB: at their own addresses, until the jump to the high half; in the direct map, for
# good; and the first of them where the image is linked.

.equ image_offset, 0xffffffff80000000   # layout.h
.equ direct_map_entry, 273              # of 0xffff888000000000 in the root
.equ image_entry, 510                   # of image_offset in its table, which is the root's last
.equ table_rights, 3                    # present, writable
.equ leaf_rights, 0x1e3                 # the same, accessed, dirty, large, global
.equ low_leaves, 2048
.equ multiboot_magic, 0xe85250d6
.equ efer, 0xc0000080
.equ efer_bits, 0x901                   # system calls, long mode, no-execute
.equ gs_base, 0xc0000101
.equ cr4_bits, 0xa0                     # PAE, PGE
.equ cr0_bits, 0x80050033               # paging, alignment mask, write protection, native FPU errors, ET, MP, PE
.equ serial, 0x3f8

.section .multiboot, "a"
.balign 8
multiboot_header:
  .long multiboot_magic
  .long 0                               # i386
  .long multiboot_end - multiboot_header
  .long -(multiboot_magic + multiboot_end - multiboot_header)
  .balign 8
  .short 6, 0                           # modules begin at pages
  .long 8
  .balign 8
  .short 4, 1                           # text mode will do
  .long 12
  .long 2
  .balign 8
  .short 5, 1                           # a frame buffer, if there is a screen, of any size
  .long 20
  .long 0, 0, 32
  .balign 8
  .short 0, 0
  .long 8
multiboot_end:

.section .note.pvh, "a", @note
.balign 4
  .long 4, 8, 18                        # of the name, of the entry, XEN_ELFNOTE_PHYS32_ENTRY
  .asciz "Xen"
  .quad _start

.section .boot, "ax"
.code32
.globl _start
_start:
  cli
  cld
  mov %eax, %ebp
  mov %ebx, %esi

  mov $(bss_start - image_offset), %edi
  mov $(bss_end - image_offset), %ecx
  sub %edi, %ecx
  shr $2, %ecx
  xor %eax, %eax
  rep stosl

  mov $0x80000000, %eax
  cpuid
  cmp $0x80000001, %eax
  jb no_long_mode
  mov $0x80000001, %eax
  cpuid
  and $0x20100000, %edx                 # long mode, no-execute
  cmp $0x20100000, %edx
  jne no_long_mode

  mov $(low_tables - image_offset), %edi
  mov $leaf_rights, %eax
  mov $low_leaves, %ecx
1:
  mov %eax, (%edi)
  add $0x200000, %eax
  add $8, %edi
  loop 1b

  mov $(low_map - image_offset), %edi
  mov $(low_tables - image_offset + table_rights), %eax
  mov $4, %ecx
2:
  mov %eax, (%edi)
  add $0x1000, %eax
  add $8, %edi
  loop 2b

  mov $(kernel_root - image_offset), %edi
  movl $(low_map - image_offset + table_rights), (%edi)
  movl $(low_map - image_offset + table_rights), direct_map_entry * 8(%edi)
  movl $0x80000000, direct_map_entry * 8 + 4(%edi)
  movl $(image_map - image_offset + table_rights), 511 * 8(%edi)
  movl $(low_tables - image_offset + table_rights), image_map - image_offset + image_entry * 8

  mov %cr4, %eax
  or $cr4_bits, %eax
  mov %eax, %cr4
  mov %edi, %cr3
  mov $efer, %ecx
  rdmsr
  or $efer_bits, %eax
  wrmsr
  mov $cr0_bits, %eax
  mov %eax, %cr0
  lgdt boot_gdt_pointer
  ljmp $0x10, $enter_high_half

# The CPU is of no use. Says so on the first serial line, and stops.
no_long_mode:
  mov $refusal, %esi
3:
  mov $(serial + 5), %edx
  mov $0x10000, %ecx
4:
  in %dx, %al
  test $0x20, %al
  loopz 4b
  lodsb
  test %al, %al
  jz 5f
  mov $serial, %edx
  out %al, %dx
  jmp 3b
5:
  hlt
  jmp 5b

refusal:
  .asciz "halcyon: this CPU has no 64-bit mode with no-execute pages\r\n"

.balign 8
boot_gdt:
  .quad 0, 0
  .quad 0x00af9b000000ffff              # kernel_code
  .quad 0x00cf93000000ffff              # kernel_data
boot_gdt_pointer:
  .short . - boot_gdt - 1
  .quad boot_gdt

.code64
enter_high_half:
  mov $high_half, %rax
  jmp *%rax

.section .text
.cfi_sections .debug_frame
high_half:
  .cfi_startproc
  .cfi_undefined rip                    # a debugger's backtrace ends here
  xor %eax, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov %eax, %fs
  mov %eax, %gs
  lea boot_stack_end(%rip), %rsp
  # this_cpu() is null until the C++ code installs one.
  mov $gs_base, %ecx
  lea boot_cpu_tables(%rip), %rax
  mov %rax, %rdx
  shr $32, %rdx
  wrmsr
  mov %ebp, %edi
  mov %esi, %esi
  xor %ebp, %ebp
  push %rbp
  push %rbp
  call x86_start
6:
  hlt
  jmp 6b
  .cfi_endproc

.section .bss
.balign 4096
.globl kernel_root
kernel_root:
  .zero 4096
.globl low_map
low_map:                                # gibibytes of the direct map's first 512
  .zero 4096
.globl image_map
image_map:
  .zero 4096
.globl low_tables
low_tables:
  .zero 4 * 4096
