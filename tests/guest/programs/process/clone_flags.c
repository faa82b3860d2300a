// clone: what is shared and what is copied, by flag; tids stored and cleared; bad combinations.
#include "guest.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static char stack[64 << 10] __attribute__((aligned(16)));
static volatile int value;
static volatile pid_t parent_tid, child_tid;

static int child(void* argument) {
  value = 1;
  close(3);
  CHECK(chdir("/bin") == 0);
  umask(077);
  signal(SIGUSR1, SIG_IGN);
  return 9;
}

static void try(const char* name, int flags) {
  fflush(stdout);
  value = 0;
  CHECK(chdir("/tmp") == 0);
  umask(022);
  signal(SIGUSR1, SIG_DFL);
  CHECK(dup2(0, 3) == 3);
  pid_t pid = clone(child, stack + sizeof stack, flags | SIGCHLD, NULL);
  CHECK(pid > 0);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status(name, status);
  char folder[64];
  struct sigaction action;
  sigaction(SIGUSR1, NULL, &action);
  mode_t mask = umask(022);
  printf("  memory %s, files %s, directory %s, umask %o, handler %s\n", value ? "shared" : "copied", fcntl(3, F_GETFD) < 0 ? "shared" : "copied",
         getcwd(folder, sizeof folder), (unsigned)mask, action.sa_handler == SIG_IGN ? "shared" : "copied");
}

static int check_tid(void* argument) { return child_tid == getpid() ? 1 : 2; }

static void tids(void) {
  pid_t pid = clone(check_tid, stack + sizeof stack, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL, &parent_tid, NULL, &child_tid);
  CHECK(pid > 0);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status("child's tid in the child", status);
  printf("parent's word %s, child's word here %s\n", parent_tid == pid ? "set" : "not set", child_tid == 0 ? "untouched" : "set");
  child_tid = -1;
  pid = clone(check_tid, stack + sizeof stack, CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, NULL, NULL, &child_tid);
  CHECK(waitpid(pid, &status, 0) == pid);
  printf("cleared at exit: %d\n", child_tid);
}

static int exit_three(void* argument) { return 3; }

static void other_exit_signal(void) {
  int status;
  pid_t pid = clone(exit_three, stack + sizeof stack, 0, NULL);
  SHOW(waitpid(pid, &status, 0));
  CHECK(waitpid(pid, &status, __WCLONE) == pid);
  show_status("no exit signal, __WCLONE", status);
  pid = clone(exit_three, stack + sizeof stack, SIGCHLD, NULL);
  SHOW(waitpid(pid, &status, __WCLONE));
  CHECK(waitpid(pid, &status, __WALL) == pid);
  show_status("__WALL", status);
}

static void bad(void) {
  SHOW(clone(exit_three, stack + sizeof stack, CLONE_SIGHAND | SIGCHLD, NULL));
  SHOW(clone(exit_three, stack + sizeof stack, CLONE_THREAD | SIGCHLD, NULL));
  SHOW(clone(exit_three, stack + sizeof stack, CLONE_THREAD | CLONE_VM | SIGCHLD, NULL));
  SHOW(clone(exit_three, stack + sizeof stack, CLONE_FS | CLONE_NEWNS | SIGCHLD, NULL));
}

static void clone3_call(void) {
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
  } arguments = {.exit_signal = SIGCHLD};
  fflush(stdout);
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) _exit(11);
  int status;
  CHECK(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid);
  show_status("clone3", status);
  SHOW(syscall(SYS_clone3, &arguments, 8));
  arguments.exit_signal = 100;
  SHOW(syscall(SYS_clone3, &arguments, sizeof arguments));
  SHOW(syscall(SYS_clone3, (void*)8, sizeof arguments));
}

int main(void) {
  try("nothing", 0);
  try("CLONE_VM", CLONE_VM);
  try("CLONE_FILES", CLONE_FILES);
  try("CLONE_FS", CLONE_FS);
  try("CLONE_VM, CLONE_SIGHAND", CLONE_VM | CLONE_SIGHAND);
  try("all", CLONE_VM | CLONE_SIGHAND | CLONE_FS | CLONE_FILES);
  try("CLONE_VFORK", CLONE_VM | CLONE_VFORK);
  tids();
  other_exit_signal();
  bad();
  clone3_call();
  return 0;
}
