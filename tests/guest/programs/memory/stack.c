// The stack grows down to its limit, and overflowing it is a SIGSEGV, which only a handler on another stack can see.
#include "guest.h"

#include <setjmp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

static volatile char* lowest;

__attribute__((noinline)) static unsigned long recurse(unsigned depth) {
  volatile char frame[512];
  frame[0] = (char)depth;
  lowest = frame;
  if (depth == 0) return 1;
  unsigned long below = recurse(depth - 1);
  return below + (unsigned char)frame[0];
}

static void overflow(void) { printf("%lu\n", recurse(~0u)); }

static sigjmp_buf back;

static void on_fault(int number, siginfo_t* info, void* context) {
  ptrdiff_t distance = lowest - (volatile char*)info->si_addr;
  siglongjmp(back, distance > -4096 && distance < 65536 ? 1 : 2);
}

static void catch_overflow(void) {
  stack_t alternative = {.ss_sp = malloc(65536), .ss_size = 65536};
  CHECK(sigaltstack(&alternative, NULL) == 0);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &action, NULL);
  for (int round = 0; round < 3; ++round) {
    int how = sigsetjmp(back, 1);
    if (how == 0) overflow();
    printf("round %d: caught %s\n", round, how == 1 ? "at the end of the stack" : "somewhere");
  }
}

static void handler_without_stack(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  overflow();
}

static void large_jump(void) {
  // Far below the stack pointer, yet within the limit: Linux grows the stack there.
  volatile char* far = (char*)__builtin_frame_address(0) - (4 << 20);
  *far = 1;
  printf("4 MiB below: %d\n", *far);
  far = (char*)__builtin_frame_address(0) - (9 << 20);
  *far = 1;
  printf("9 MiB below: %d\n", *far);
}

static void larger_limit(void) {
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
  limit.rlim_cur = 32 << 20;
  CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
  printf("24 MiB of frames: %lu\n", recurse(40000));
}

static void smaller_limit(void) {
  struct rlimit limit = {1 << 20, RLIM_INFINITY};
  CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
  printf("%lu\n", recurse(4000));
}

int main(void) {
  struct rlimit limit = {8 << 20, RLIM_INFINITY};
  CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
  printf("5 MiB of frames: %lu\n", recurse(8000));
  show_status("overflow", in_child(overflow));
  show_status("caught", in_child(catch_overflow));
  show_status("handler without a stack", in_child(handler_without_stack));
  show_status("large jump", in_child(large_jump));
  show_status("larger limit", in_child(larger_limit));
  show_status("smaller limit", in_child(smaller_limit));
  return 0;
}
