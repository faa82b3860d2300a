// How a process can end, and what its parent is told by wait4 and waitid.
#include "guest.h"

static void exit_zero(void) { exit(0); }
static void exit_large(void) { exit(0x1234); }
static void exit_minus_one(void) { _exit(-1); }
static void abort_program(void) { abort(); }
static void null_store(void) { *(volatile int*)0 = 1; }
static void raise_term(void) { raise(SIGTERM); }
static void raise_kill(void) { raise(SIGKILL); }
static void raise_ignored(void) {
  signal(SIGTERM, SIG_IGN);
  raise(SIGTERM);
  exit(7);
}
static void realtime_signal(void) { raise(40); }
static void trap_instruction(void) { __builtin_trap(); }

static void in_atexit(void) { printf("atexit handler\n"); }
static void with_atexit(void) {
  CHECK(atexit(in_atexit) == 0);
  exit(3);
}
static void without_atexit(void) {
  CHECK(atexit(in_atexit) == 0);
  _exit(4);
}

static void show_waitid(const char* what, void (*function)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    function();
    _exit(0);
  }
  siginfo_t info;
  CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
  printf("%s: signo %d code %d status %d pid %s uid %s\n", what, info.si_signo, info.si_code, info.si_status, info.si_pid == pid ? "right" : "wrong",
         info.si_uid == getuid() ? "right" : "wrong");
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status(what, status & ~0x80);
}

int main(void) {
  show_waitid("exit 0", exit_zero);
  show_waitid("exit 0x1234", exit_large);
  show_waitid("_exit -1", exit_minus_one);
  show_waitid("abort", abort_program);
  show_waitid("null store", null_store);
  show_waitid("SIGTERM", raise_term);
  show_waitid("SIGKILL", raise_kill);
  show_waitid("ignored SIGTERM", raise_ignored);
  show_waitid("realtime signal", realtime_signal);
  show_status("atexit", in_child(with_atexit));
  show_status("no atexit", in_child(without_atexit));
  int status = in_child(trap_instruction);
  printf("trap: %s\n", WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP) ? "killed" : "lives");
  return 42;
}
