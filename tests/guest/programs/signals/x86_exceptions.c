// The exceptions that only x86_64 knows, with the codes and addresses of Linux.
// Left out is what the emulators take otherwise: exceptions of the vector unit, 0/0, ports, alignment, a stack that is not canonical.
// isa: x86_64
#include "guest.h"

#if defined(__x86_64__)
#include <setjmp.h>

static sigjmp_buf back;
static volatile siginfo_t seen;

static void note(int number, siginfo_t* info, void* context) {
  seen = *info;
  __asm__ volatile("cld\n fninit");
  siglongjmp(back, 1);
}

static void divide(void) { __asm__ volatile("xor %%edx, %%edx\n xor %%ecx, %%ecx\n mov $1, %%eax\n div %%ecx" : : : "eax", "ecx", "edx"); }
static void overflow(void) { __asm__ volatile("mov $0x80000000, %%eax\n cltd\n mov $-1, %%ecx\n idiv %%ecx" : : : "eax", "ecx", "edx"); }

// With exceptions that are not masked.
static void x87(double a, double b) {
  unsigned short control = 0x37f & ~0x1f;
  __asm__ volatile("fldcw %0\n fldl %1\n fdivl %2\n fwait\n fstp %%st(0)" : : "m"(control), "m"(a), "m"(b));
}
static void x87_divide(void) { x87(1, 0); }

static void illegal(void) { __asm__ volatile("ud2"); }
static void breakpoint(void) { __asm__ volatile("int3"); }
static void step(void) { __asm__ volatile("pushf\n orl $0x100, (%%rsp)\n popf\n nop\n nop" : : : "memory"); }
static void halt(void) { __asm__ volatile("hlt"); }
static void mask(void) { __asm__ volatile("cli"); }
static void vector_13(void) { __asm__ volatile("int $13"); }
static void vector_200(void) { __asm__ volatile("int $200"); }
static void segment(void) { __asm__ volatile("mov $0x1234, %%eax\n mov %%eax, %%ds" : : : "eax"); }
static void control_register(void) { __asm__ volatile("mov %%cr0, %%rax" : : : "rax"); }
static void model_register(void) { __asm__ volatile("mov $0xc0000080, %%ecx\n rdmsr" : : : "eax", "ecx", "edx"); }
static void non_canonical(void) { __asm__ volatile("mov $0x8000000000000000, %%rax\n mov (%%rax), %%rax" : : : "rax"); }
static void kernel_address(void) { __asm__ volatile("mov $0xffffffff81000000, %%rax\n mov (%%rax), %%rax" : : : "rax"); }

static const struct {
  const char* name;
  void (*cause)(void);
} all[] = {
    {"division by zero", divide},
    {"division that overflows", overflow},
    {"x87 division by zero", x87_divide},
    {"ud2", illegal},
    {"int3", breakpoint},
    {"single step", step},
    {"hlt", halt},
    {"cli", mask},
    {"int 13", vector_13},
    {"int 200", vector_200},
    {"no such segment", segment},
    {"mov from cr0", control_register},
    {"rdmsr", model_register},
    {"address that is not canonical", non_canonical},
    {"address of the kernel", kernel_address},
};

// On a stack of its own, because one cause takes the usual one away.
int main(void) {
  static char other_stack[65536];
  CHECK(sigaltstack(&(stack_t){.ss_sp = other_stack, .ss_size = sizeof other_stack}, NULL) == 0);
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
  static const int numbers[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE};
  for (size_t number = 0; number < COUNT(numbers); ++number) CHECK(sigaction(numbers[number], &action, NULL) == 0);
  for (size_t index = 0; index < COUNT(all); ++index) {
    if (sigsetjmp(back, 1) == 0) {
      all[index].cause();
      printf("%s: nothing\n", all[index].name);
      continue;
    }
    printf("%s: signal %d, code %d, address %s\n", all[index].name, seen.si_signo, seen.si_code, seen.si_addr ? "given" : "none");
  }
  return 0;
}
#else
int main(void) { return 0; }
#endif
