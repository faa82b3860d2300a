// What prctl(2) and arch_prctl(2) have on x86_64 only: system calls that go back to the program, segment bases, the extended state.
// isa: x86_64
#include "guest.h"

#include <setjmp.h>

#if defined(__x86_64__)
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

static volatile char selector;
static void on_sys(int number, siginfo_t* info, void* context) {
  (void)context;
  selector = 0;
  printf("redirected: signal %d, code %d, call %d, address %d\n", number == SIGSYS, info->si_code, info->si_syscall == SYS_getppid, info->si_call_addr != NULL);
}
static void show_after_exec(void) { SHOW_OK(getppid()); }
static void user_dispatch(void) {
  struct sigaction action = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
  sigaction(SIGSYS, &action, NULL);
  SHOW(prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 1, 0, 0));
  SHOW(prctl(PR_SET_SYSCALL_USER_DISPATCH, 2, 0, 0, 0));
  SHOW(prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 16, 0, 0));
  SHOW(prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, -1l));
  SHOW(prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &selector));
  selector = 1;
  syscall(SYS_getppid);
  SHOW_OK(syscall(SYS_getppid));
  selector = 1;
  pid_t pid = (pid_t)syscall(SYS_getppid);  // redirected once more
  (void)pid;
  in_child(show_after_exec);  // a child is not
  SHOW(prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0));
  selector = 1;
  SHOW_OK(syscall(SYS_getppid));
}
static void bad_selector(void) {
  selector = 2;
  prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &selector);
  getppid();
}
static void unreadable_selector(void) {
  prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, 16);
  getppid();
}
static void all_from_outside(void) {
  prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, 0);
  getppid();
}

static void architecture(void) {
  unsigned long base = 0;
  SHOW(syscall(SYS_arch_prctl, 0x1003, &base));
  printf("fs is set: %d\n", base != 0);
  SHOW(syscall(SYS_arch_prctl, 0x1003, 16));
  SHOW(syscall(SYS_arch_prctl, 0x1001, 0x123456789000));
  SHOW(syscall(SYS_arch_prctl, 0x1004, &base));
  printf("gs %#lx\n", base);
  SHOW(syscall(SYS_arch_prctl, 0x1001, 0x7ffffffff000));
  SHOW(syscall(SYS_arch_prctl, 0x1001, 1ul << 63));
  SHOW(syscall(SYS_arch_prctl, 0x1001, 0));
  SHOW(syscall(SYS_arch_prctl, 0x1023, 64));
  SHOW(syscall(SYS_arch_prctl, 0x1023, 2));
  SHOW(syscall(SYS_arch_prctl, 0x1021, 16));
  SHOW(syscall(SYS_arch_prctl, 0x1011, 0));
  SHOW(syscall(SYS_arch_prctl, 1, 0));
  base = 0;
  SHOW(syscall(SYS_arch_prctl, 0x1021, &base));
  printf("x87 and SSE: %lu\n", base & 3);
  int state = 0;
  SHOW(prctl(PR_GET_TSC, &state));
  printf("time stamp counter: %d\n", state);
  SHOW(prctl(PR_SET_TSC, 1));
  SHOW(prctl(PR_SET_TSC, 3));
}

static void read_time_stamp(void) {
  unsigned low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
}

static sigjmp_buf back;
static void leave(int number, siginfo_t* info, void* context) {
  printf("signal %d, code %d, address %d\n", number, info->si_code, (int)(intptr_t)info->si_addr);
  siglongjmp(back, 1);
}

static void show_time_stamps(const char* who) {
  int state = 0;
  CHECK(prctl(PR_GET_TSC, &state) == 0);
  printf("%s: state %d, ", who, state);
  if (sigsetjmp(back, 1) == 0) read_time_stamp(), printf("the counter can be read\n");
}

static void in_forked(void) {
  show_time_stamps("a child");
  CHECK(prctl(PR_SET_TSC, PR_TSC_ENABLE) == 0);
  show_time_stamps("a child that allows it");
}

static void time_stamps(void) {
  struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  show_time_stamps("at first");
  CHECK(prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0);
  show_time_stamps("forbidden");
  show_status("the child", in_child(in_forked));
  show_time_stamps("still forbidden");
  CHECK(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
  show_status("without a handler", in_child(read_time_stamp));
  CHECK(prctl(PR_SET_TSC, PR_TSC_ENABLE) == 0);
  show_time_stamps("allowed");
}
int main(void) {
  time_stamps();
  user_dispatch();
  show_status("bad selector", in_child(bad_selector));
  show_status("unreadable selector", in_child(unreadable_selector));
  show_status("no selector", in_child(all_from_outside));
  architecture();
  return 0;
}
#else
int main(void) { return 0; }
#endif
