// waitpid and waitid: which children, stopped and continued ones, WNOHANG, WNOWAIT, groups, SIGCHLD ignored.
#include "guest.h"

static pid_t sleeper(void) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0)
    for (;;) pause();
  return pid;
}

static pid_t exiting(int status) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) _exit(status);
  return pid;
}

static void job_control(void) {
  int status;
  pid_t pid = sleeper();
  SHOW(waitpid(pid, &status, WNOHANG));
  kill(pid, SIGSTOP);
  CHECK(waitpid(pid, &status, WUNTRACED) == pid);
  show_status("stop", status);
  SHOW(waitpid(pid, &status, WNOHANG | WUNTRACED));
  kill(pid, SIGCONT);
  CHECK(waitpid(pid, &status, WCONTINUED) == pid);
  show_status("continue", status);
  kill(pid, SIGSTOP);
  siginfo_t info;
  CHECK(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT) == 0);
  printf("waitid: code %d status %d\n", info.si_code, info.si_status);
  CHECK(waitid(P_PID, pid, &info, WSTOPPED) == 0);
  printf("again: code %d status %d\n", info.si_code, info.si_status);
  memset(&info, 0, sizeof info);
  SHOW(waitid(P_PID, pid, &info, WSTOPPED | WNOHANG));
  printf("nothing: signo %d\n", info.si_signo);
  kill(pid, SIGTERM);
  SHOW(waitpid(pid, &status, WNOHANG));
  kill(pid, SIGCONT);
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status("end", status);
  pid = sleeper();
  kill(pid, SIGSTOP);
  CHECK(waitpid(pid, &status, WUNTRACED) == pid);
  kill(pid, SIGKILL);
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status("killed while stopped", status);
}

// Nobody could continue a member of an orphaned group: the stop signals of a terminal do not stop it.
static void orphaned_group(void) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    raise(SIGTSTP);
    raise(SIGTTIN);
    raise(SIGTTOU);
    _exit(3);
  }
  CHECK(waitpid(pid, &status, WUNTRACED) == pid);
  show_status("orphaned group", status);
  pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    raise(SIGTSTP);
    _exit(4);
  }
  CHECK(waitpid(pid, &status, WUNTRACED) == pid);
  show_status("own group", status);
  kill(pid, SIGCONT);
  CHECK(waitpid(pid, &status, 0) == pid);
  show_status("continued", status);
}

static void groups(void) {
  int status;
  pid_t first = exiting(1), second = exiting(2);
  CHECK(waitpid(second, &status, 0) == second);
  show_status("second", status);
  CHECK(waitpid(-1, &status, 0) == first);
  show_status("any", status);
  pid_t leader = sleeper();
  SHOW(setpgid(leader, leader));
  SHOW(setpgid(leader, 99999));
  pid_t other = exiting(3);
  SHOW_OK(waitpid(-leader, &status, WNOHANG));
  CHECK(waitpid(0, &status, 0) == other);
  show_status("own group", status);
  kill(-leader, SIGTERM);
  CHECK(waitpid(-leader, &status, 0) == leader);
  show_status("other group", status);
  SHOW(waitpid(-99999, &status, 0));
  SHOW(waitpid(-1, &status, WNOHANG));
  SHOW(waitpid(-1, &status, 0x40000));
  SHOW(waitid(P_ALL, 0, NULL, 0));
  SHOW(waitid(77, 0, NULL, WEXITED));
  SHOW(waitpid(exiting(4), (int*)8, 0));
}

static void ignored_children(void) {
  signal(SIGCHLD, SIG_IGN);
  exiting(5);
  exiting(6);
  SHOW(waitpid(-1, NULL, 0));
  signal(SIGCHLD, SIG_DFL);
  struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
  sigaction(SIGCHLD, &action, NULL);
  exiting(7);
  SHOW(waitpid(-1, NULL, 0));
}

int main(void) {
  job_control();
  orphaned_group();
  groups();
  ignored_children();
  return 0;
}
