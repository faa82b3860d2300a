// mprotect and a SIGSEGV handler that looks at the fault and repairs it; every way a touch can be wrong.
#include "guest.h"

#include <setjmp.h>
#include <sys/mman.h>

enum { page = 4096 };

static char* region;
static volatile int faults;
static sigjmp_buf back;
static siginfo_t seen;

static void repair(int number, siginfo_t* info, void* context) {
  ++faults;
  char* address = (char*)((uintptr_t)info->si_addr & ~(uintptr_t)(page - 1));
  if (mprotect(address, page, PROT_READ | PROT_WRITE) != 0) _exit(50);
}

static void escape(int number, siginfo_t* info, void* context) {
  seen = *info;
  siglongjmp(back, number);
}

static void install(void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0);
}

static void try_access(const char* what, volatile char* at, bool is_store) {
  int number = sigsetjmp(back, 1);
  if (number == 0) {
    if (is_store) *at = 1;
    else (void)*at;
    printf("%s: no fault\n", what);
    return;
  }
  printf("%s: signal %d, code %d, address %s\n", what, number, seen.si_code, seen.si_addr == (void*)at ? "exact" : "wrong");
}

static void repairs(void) {
  install(repair);
  CHECK(mprotect(region, 16 * page, PROT_NONE) == 0);
  for (int index = 0; index < 16; ++index) region[index * page + index] = (char)index;
  int wrong = 0;
  for (int index = 0; index < 16; ++index) wrong += region[index * page + index] != index;
  printf("faults %d, wrong %d\n", faults, wrong);
  faults = 0;
  // Across a page boundary, both pages protected.
  CHECK(mprotect(region, 2 * page, PROT_NONE) == 0);
  memcpy(region + page - 3, "abcdef", 6);
  printf("across pages: faults %d, %.6s\n", faults, region + page - 3);
  faults = 0;
  CHECK(mprotect(region, page, PROT_READ) == 0);
  region[5] += 1;
  printf("read-modify-write: faults %d\n", faults);
}

int main(void) {
  region = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(region != MAP_FAILED);
  repairs();
  install(escape);
  CHECK(mprotect(region, page, PROT_READ) == 0);
  try_access("load from read-only", region + 7, false);
  try_access("store to read-only", region + 7, true);
  CHECK(mprotect(region, page, PROT_NONE) == 0);
  try_access("load from none", region + 4095, false);
  try_access("store to none", region + 1, true);
  try_access("null", NULL, false);
  try_access("near null", (char*)100, true);
  CHECK(munmap(region + page, page) == 0);
  try_access("unmapped", region + page + 9, false);
  try_access("still mapped", region + 2 * page, true);
  try_access("a kernel address", (char*)0xffffffff80000000 - 0, false);
  void (*code)(void) = (void (*)(void))(region + 3 * page);
  if (sigsetjmp(back, 1) == 0) {
    code();
    printf("executed data\n");
  } else {
    printf("executing data: code %d, address %s\n", seen.si_code, seen.si_addr == (void*)code ? "exact" : "wrong");
  }
  for (int index = 0; index < 1000; ++index)
    if (sigsetjmp(back, 1) == 0) *(volatile char*)NULL = 1;
  printf("a thousand faults later\n");
  struct sigaction action = {.sa_handler = SIG_IGN};
  sigaction(SIGSEGV, &action, NULL);
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) *(volatile char*)NULL = 1;
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status("fault with SIGSEGV ignored", status);
  return 0;
}
