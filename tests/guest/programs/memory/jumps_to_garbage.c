// Control that goes where no code is, stack pointers that point nowhere, instructions that do not exist: all end in signals.
#include "guest.h"

#include <setjmp.h>
#include <sys/mman.h>

static void jump(unsigned long address) { ((void (*)(void))address)(); }
static void to_null(void) { jump(0); }
static void to_small(void) { jump(16); }
static void to_unmapped(void) { jump(0x123456000); }
static void to_kernel(void) { jump(0xffffffff80001000); }
static void to_non_canonical(void) { jump(0x8000000000000000); }
static void to_data(void) {
  static char data[64];
  jump((unsigned long)data);
}
static void to_stack(void) {
  char code[64] = {0};
  jump((unsigned long)code);
}

static void run_bytes(const void* bytes, size_t size) {
  char* at = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(at != MAP_FAILED);
  memcpy(at, bytes, size);
  __builtin___clear_cache(at, at + 8192);
  ((void (*)(void))(void*)at)();
}

#if defined(__x86_64__)
static const unsigned char undefined_code[] = {0x0f, 0x0b}, privileged_code[] = {0xf4}, breakpoint_code[] = {0xcc},
                           interrupt_code[] = {0xcd, 0x81}, port_code[] = {0xec};
#else
static const uint32_t undefined_code[] = {0}, privileged_code[] = {0x10200073}, breakpoint_code[] = {0x00100073},
                      interrupt_code[] = {0x30200073}, port_code[] = {0x12000073};
#endif

static void undefined(void) { run_bytes(undefined_code, sizeof undefined_code); }
static void privileged(void) { run_bytes(privileged_code, sizeof privileged_code); }
static void breakpoint(void) { run_bytes(breakpoint_code, sizeof breakpoint_code); }
static void interrupt(void) { run_bytes(interrupt_code, sizeof interrupt_code); }
static void port(void) { run_bytes(port_code, sizeof port_code); }

static void wild_stack_pointer(void) {
#if defined(__x86_64__)
  __asm__ volatile("mov $0x1000, %rsp; push %rax");
#else
  __asm__ volatile("li sp, 0x1000; sd a0, 0(sp)");
#endif
}

static void system_call_with_wild_stack(void) {
#if defined(__x86_64__)
  __asm__ volatile("mov $8, %rsp; mov $60, %eax; mov $11, %edi; syscall");
#else
  __asm__ volatile("li sp, 8; li a7, 93; li a0, 11; ecall");
#endif
}

static void signal_with_wild_stack(void) {
  signal(SIGUSR1, exit);
  pid_t self = getpid();
#if defined(__x86_64__)
  __asm__ volatile("mov $8, %%rsp; mov $62, %%eax; mov %0, %%edi; mov $10, %%esi; syscall" ::"r"(self) : "rax", "rdi", "rsi");
#else
  __asm__ volatile("mv a0, %0; li sp, 8; li a7, 129; li a1, 10; ecall" ::"r"(self) : "a0", "a1", "a7");
#endif
}

static bool is_one_of(int status, int first, int second) {
  return WIFSIGNALED(status) && (WTERMSIG(status) == first || WTERMSIG(status) == second);
}

// Which of two signals it is depends on the machine.
#define SHOW_DEATH(function, first, second) printf("%s: %s\n", #function, is_one_of(in_child(function), first, second) ? "killed as expected" : "wrong")

int main(void) {
  show_status("to null", in_child(to_null));
  show_status("to a small address", in_child(to_small));
  show_status("to nowhere", in_child(to_unmapped));
  show_status("to the kernel", in_child(to_kernel));
  show_status("to a non-canonical address", in_child(to_non_canonical));
  show_status("to data", in_child(to_data));
  show_status("to the stack", in_child(to_stack));
  show_status("undefined", in_child(undefined));
  SHOW_DEATH(privileged, SIGSEGV, SIGILL);
  show_status("breakpoint", in_child(breakpoint));
  SHOW_DEATH(interrupt, SIGSEGV, SIGILL);
  SHOW_DEATH(port, SIGSEGV, SIGILL);
  show_status("wild stack pointer", in_child(wild_stack_pointer));
  show_status("system call with a wild stack pointer", in_child(system_call_with_wild_stack));
  show_status("signal with a wild stack pointer", in_child(signal_with_wild_stack));
  printf("still alive\n");
  return 0;
}
