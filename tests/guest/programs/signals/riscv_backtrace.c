// A backtrace from a signal handler, through the vDSO's rt_sigreturn, to what the signal interrupted: once as the C library's unwinder
// recognises the frame, by its instructions, and once by the rules that the vDSO's .eh_frame has for it. No host runs this natively: what is
// expected is in the file beside it.
// isa: riscv64
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unwind.h>

#include "../time/vdso.h"

#if defined(__riscv)
extern void __register_frame(void*);

static void* volatile caught[64];
static volatile int depth;
static volatile int zero;

static _Unwind_Reason_Code note(struct _Unwind_Context* frame, void* argument) {
  (void)argument;
  if (depth < (int)COUNT(caught)) caught[depth++] = (void*)_Unwind_GetIP(frame);
  return _URC_NO_REASON;
}

static void on_signal(int number) {
  (void)number;
  depth = 0;
  _Unwind_Backtrace(note, NULL);
}

// A saved register that only the frame's rules bring back: the unwinder needs s0 to go on from here.
__attribute__((noinline)) static int faults(volatile int* address) {
  char* room = __builtin_alloca(16 + (size_t)zero);
  room[0] = 1;
  register long a0 __asm__("a0") = getpid();
  register long a1 __asm__("a1") = SIGUSR1;
  register long a7 __asm__("a7") = SYS_kill;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a7) : "memory");
  return *address + room[0];
}
__attribute__((noinline)) static int calls(volatile int* address) { return faults(address) + 1; }
__attribute__((noinline)) static void traps(void) {
  __asm__ volatile("ebreak");  // of two bytes
  ++zero, --zero;
}
static void on_trap(int number, siginfo_t* info, void* context) {
  (void)info;
  on_signal(number);
  ((ucontext_t*)context)->uc_mcontext.__gregs[REG_PC] += 2;
}

static bool is_on_the_way(void* function, size_t size) {
  for (int index = 0; index < depth; ++index)
    if ((char*)caught[index] >= (char*)function && (char*)caught[index] <= (char*)function + size) return true;
  return false;
}

static void try_all(const char* how) {
  static volatile int word = 1;
  depth = 0;
  calls(&word);
  printf("%s, in a call: %d %d %d %d\n", how, depth > 4, is_on_the_way((void*)faults, 96), is_on_the_way((void*)calls, 32), is_on_the_way((void*)try_all, 256));
  depth = 0;
  traps();
  printf("%s, at an instruction: %d %d %d\n", how, depth > 2, is_on_the_way((void*)traps, 32), is_on_the_way((void*)try_all, 256));
}

int main(void) {
  struct sigaction action = {.sa_handler = on_signal};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  action = (struct sigaction){.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
  try_all("by its instructions");
  // .eh_frame_hdr: version, three encodings, then where .eh_frame is, from there (DW_EH_PE_pcrel | DW_EH_PE_sdata4).
  struct Vdso vdso = find_vdso();
  CHECK(vdso.eh_frame_header[0] == 1 && vdso.eh_frame_header[1] == 0x1b);
  int32_t distance;
  memcpy(&distance, vdso.eh_frame_header + 4, sizeof distance);
  __register_frame((void*)(vdso.eh_frame_header + 4 + distance));
  try_all("by its rules");
  return 0;
}
#else
int main(void) { return 0; }
#endif
