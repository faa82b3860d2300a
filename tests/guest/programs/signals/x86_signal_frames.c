// What a signal frame on x86_64 tells of the fault (REG_TRAPNO, REG_ERR, REG_CR2), and the floating-point state that a handler starts with
// and leaves behind.
// isa: x86_64
#include "guest.h"

#if defined(__x86_64__)
#include <fenv.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <xmmintrin.h>

static sigjmp_buf back;
static char* pages;

static unsigned x87_control(void) {
  unsigned short control;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  return control;
}
static unsigned x87_status(void) {
  unsigned short status;
  __asm__ volatile("fnstsw %0" : "=m"(status));
  return status;
}
static void set_x87_control(unsigned short control) { __asm__ volatile("fldcw %0" : : "m"(control)); }

static void show_frame(int number, siginfo_t* info, ucontext_t* context) {
  greg_t* registers = context->uc_mcontext.gregs;
  bool is_page_fault = number == SIGSEGV && (info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR);
  long long error = registers[REG_ERR];
  if (registers[REG_TRAPNO] == 13 && (error & 2)) error &= 7;  // an entry of the IDT: QEMU's TCG gives twice its index
  printf("signal %d, code %d, trap %lld, error %llx", number, info->si_code, registers[REG_TRAPNO], error);
  if (is_page_fault) printf(", cr2 %s", (char*)registers[REG_CR2] == (char*)info->si_addr ? "is the address" : "differs");
  printf("\n");
}

static void leave(int number, siginfo_t* info, void* context) {
  show_frame(number, info, context);
  siglongjmp(back, 1);
}

#define FAULT(name, cause)                  \
  do {                                      \
    printf(name ": ");                      \
    if (sigsetjmp(back, 1) == 0) {          \
      cause;                                \
      printf("nothing\n");                  \
    }                                       \
  } while (0)

static void faults(void) {
  FAULT("write to read-only, not there yet", *(volatile char*)(pages + 5) = 1);
  FAULT("execute it", ((void (*)(void))pages)());
  FAULT("write to read-only, there", (void)*(volatile char*)pages; *(volatile char*)(pages + 5) = 1);
  FAULT("execute it", ((void (*)(void))pages)());
  FAULT("read what has no permission", (void)*(volatile char*)(pages + 4096));
  FAULT("write it", *(volatile char*)(pages + 4096) = 1);
  FAULT("read what is not mapped", (void)*(volatile char*)(pages + 8192));
  FAULT("write it", *(volatile char*)(pages + 8192) = 1);
  FAULT("read the kernel", (void)*(volatile char*)0xffffffff81000000);
  FAULT("write the kernel", *(volatile char*)0xffff888000001000 = 1);
  FAULT("division", __asm__ volatile("xor %%ecx, %%ecx\n mov $1, %%eax\n cltd\n div %%ecx" : : : "eax", "ecx", "edx"));
  FAULT("ud2", __asm__ volatile("ud2"));
  FAULT("int3", __asm__ volatile("int3"));
  FAULT("int 13", __asm__ volatile("int $13"));
  FAULT("int 200", __asm__ volatile("int $200"));
  FAULT("no such segment", __asm__ volatile("mov $0x1234, %%eax\n mov %%eax, %%ds" : : : "eax"));
  FAULT("hlt", __asm__ volatile("hlt"));
  FAULT("not canonical", __asm__ volatile("mov (%0), %%al" : : "r"(0x8000000000000000) : "al"));
}

static void show(int number, siginfo_t* info, void* context) { show_frame(number, info, context); }

// A signal that is no fault still tells the last one; so does a child's.
static void later_signals(void) {
  struct sigaction action = {.sa_sigaction = show, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  FAULT("read what is not mapped", (void)*(volatile char*)(pages + 8192));
  printf("then raise: ");
  raise(SIGUSR1);
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    printf("in a child: ");
    raise(SIGUSR1);
    fflush(stdout);
    _exit(0);
  }
  CHECK(waitpid(pid, NULL, 0) == pid);
}

static volatile double seen_xmm, seen_st;
static volatile unsigned handler_control, handler_mxcsr, handler_status, frame_control, frame_mxcsr;

static void look(int number, siginfo_t* info, void* argument) {
  ucontext_t* context = argument;
  unsigned xmm;
  __asm__ volatile("movd %%xmm9, %0" : "=r"(xmm));
  handler_control = x87_control(), handler_mxcsr = _mm_getcsr(), handler_status = x87_status();
  seen_xmm = xmm;
  frame_control = context->uc_mcontext.fpregs->cwd, frame_mxcsr = context->uc_mcontext.fpregs->mxcsr;
  set_x87_control(0x27f);
  _mm_setcsr(0x3f80);
  __asm__ volatile("pcmpeqd %%xmm9, %%xmm9\n fninit\n fldpi" : : : "xmm9");
}

static void show_entry(const char* name) {
  printf("%s: handler %x %x %x %g, frame %x %x\n", name, handler_control, handler_mxcsr, handler_status & 0x38ff, seen_xmm, frame_control,
         frame_mxcsr);
}

static void fresh_state(void) {
  struct sigaction action = {.sa_sigaction = look, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  double value = 2.5, xmm = 0, st = 0;
  set_x87_control(0x77f);
  _mm_setcsr(0x5f80);
  __asm__ volatile(
      "movsd %2, %%xmm9\n fldl %2\n"
      "syscall\n"
      "movsd %%xmm9, %0\n fstpl %1"
      : "=m"(xmm), "=m"(st)
      : "m"(value), "a"(62), "D"(getpid()), "S"(SIGUSR1)
      : "rcx", "r11", "xmm9", "memory");
  unsigned control = x87_control(), mxcsr = _mm_getcsr();
  set_x87_control(0x37f);
  _mm_setcsr(0x1f80);
  show_entry("in a call");
  printf("after it: %x %x, %g %g\n", control, mxcsr, xmm, st);
}

static void change(int number, siginfo_t* info, void* argument) {
  ucontext_t* context = argument;
  context->uc_mcontext.fpregs->mxcsr = 0x5f80;
  context->uc_mcontext.fpregs->cwd = 0x77f;
}

static void drop(int number, siginfo_t* info, void* argument) { ((ucontext_t*)argument)->uc_mcontext.fpregs = NULL; }

static void changed_state(void) {
  struct sigaction action = {.sa_sigaction = change, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  raise(SIGUSR1);
  printf("changed in the frame: %x %x\n", x87_control(), _mm_getcsr());
  action.sa_sigaction = drop;
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  raise(SIGUSR1);
  printf("frame without one: %x %x\n", x87_control(), _mm_getcsr());
}

static volatile int traps;
static void jump(int number, siginfo_t* info, void* context) {
  if (++traps > 5) _exit(9);
  siglongjmp(back, 1);
}

// An x87 exception that waits would trap again at each following instruction, were it not gone with the interrupted state.
static void jump_out(void) {
  struct sigaction action = {.sa_sigaction = jump, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGFPE, &action, NULL) == 0);
  volatile long double zero = 0, one = 1, result;
  set_x87_control(0x37f & ~FE_DIVBYZERO);
  if (sigsetjmp(back, 1) == 0) {
    result = one / zero;
    __asm__ volatile("fwait");
    printf("no trap\n");
  }
  result = one / 3;
  __asm__ volatile("fwait");
  printf("%d trap, control %x, a third is %.3Lf\n", traps, x87_control(), result);
}

int main(void) {
  pages = mmap(NULL, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED && mprotect(pages + 4096, 4096, PROT_NONE) == 0 && munmap(pages + 8192, 4096) == 0);
  struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO};
  static const int numbers[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE};
  for (size_t index = 0; index < COUNT(numbers); ++index) CHECK(sigaction(numbers[index], &action, NULL) == 0);
  faults();
  later_signals();
  fresh_state();
  changed_state();
  jump_out();
  return 0;
}
#else
int main(void) { return 0; }
#endif
