// What a CPU refuses to do becomes a signal, on every machine: the program is told, may go on elsewhere, or dies of it.
#include "guest.h"

#include <setjmp.h>
#include <sys/mman.h>

#include <ucontext.h>

static sigjmp_buf back;
static volatile bool is_at_pc;
static volatile siginfo_t seen;

static void note(int number, siginfo_t* info, void* context) {
  seen = *info;
#if defined(__riscv)
  is_at_pc = (unsigned long)info->si_addr == ((ucontext_t*)context)->uc_mcontext.__gregs[REG_PC];
#endif
  siglongjmp(back, 1);
}

static char* page;

static void illegal(void) {
#if defined(__x86_64__)
  __asm__ volatile("ud2");
#else
  __asm__ volatile("unimp");
#endif
}

static void trap(void) {
#if defined(__x86_64__)
  __asm__ volatile("int3");
#else
  __asm__ volatile("ebreak");
#endif
}

// Beyond the end of the file that is mapped.
static void beyond_file(void) {
  int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0 && ftruncate(fd, 100) == 0);
  char* mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(mapped != MAP_FAILED);
  close(fd);
  mapped[4096] = 1;
}

static void no_memory(void) { *(volatile char*)16 = 1; }
static void no_permission(void) { *(volatile char*)page = 1; }
static void no_execution(void) { ((void (*)(void))page)(); }

// A privileged instruction: x86_64 answers SIGSEGV, riscv64 SIGILL. Only that there is a signal is shown.
static void privileged(void) {
#if defined(__x86_64__)
  __asm__ volatile("hlt");
#else
  __asm__ volatile("csrw satp, zero");
#endif
}

static const struct {
  const char* name;
  void (*cause)(void);
  int number, shows_code, shows_address;
} all[] = {
    {"illegal instruction", illegal, SIGILL, 0, 0},       {"breakpoint", trap, SIGTRAP, 0, 0},
    {"beyond the file's end", beyond_file, SIGBUS, 1, 0}, {"no memory", no_memory, SIGSEGV, 1, 1},
    {"no permission", no_permission, SIGSEGV, 1, 1},      {"no execution", no_execution, SIGSEGV, 1, 1},
    {"privileged instruction", privileged, 0, 0, 0},
};

static void in_handler(size_t index) {
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_NODEFER};
  static const int numbers[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGFPE};
  for (size_t number = 0; number < COUNT(numbers); ++number) CHECK(sigaction(numbers[number], &action, NULL) == 0);
  for (int times = 0; times < 3; ++times) {
    if (sigsetjmp(back, 1) == 0) {
      all[index].cause();
      printf("%s: nothing\n", all[index].name);
      continue;
    }
    printf("%s: signal %d", all[index].name, all[index].number ? seen.si_signo : 0);
    if (all[index].shows_code) printf(", code %d", seen.si_code);
    if (all[index].shows_address) printf(", address %s", seen.si_addr == page ? "of the page" : seen.si_addr == (void*)16 ? "16" : "other");
    printf("\n");
  }
}

static size_t chosen;
static void die(void) { all[chosen].cause(); }
static void die_ignoring(void) {
  signal(all[chosen].number, SIG_IGN);
  all[chosen].cause();
}
static void die_blocking(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, all[chosen].number);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  all[chosen].cause();
}

// riscv64 alone tells where its breakpoint is.
static void breakpoint_address(void) {
#if defined(__riscv)
  if (sigsetjmp(back, 1) == 0) trap();
  printf("ebreak: code %d, %s\n", seen.si_code, is_at_pc ? "at pc" : "elsewhere");
#else
  printf("ebreak: code %d, at pc\n", TRAP_BRKPT);
#endif
}

int main(void) {
  page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);
  for (size_t index = 0; index < COUNT(all); ++index) in_handler(index);
  breakpoint_address();
  static const int numbers[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV};
  for (size_t index = 0; index < COUNT(numbers); ++index) signal(numbers[index], SIG_DFL);
  for (chosen = 0; chosen < COUNT(all) && all[chosen].number; ++chosen) {
    show_status(all[chosen].name, in_child(die));
    show_status("  ignored", in_child(die_ignoring));
    show_status("  blocked", in_child(die_blocking));
  }
  return 0;
}
