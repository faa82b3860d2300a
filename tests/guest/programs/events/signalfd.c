// signalfd(2): signals of processes and threads, queued values, children, masks that change, errors.
#include "guest.h"

#include <poll.h>
#include <sys/signalfd.h>

static void show_one(int fd) {
  struct signalfd_siginfo info;
  ssize_t got = read(fd, &info, sizeof info);
  if (got == -1) {
    printf("read: %s\n", error_name(errno));
    return;
  }
  printf("read %d: signal %u code %d value %d status %d from %s\n", (int)got, info.ssi_signo, info.ssi_code, info.ssi_int,
         info.ssi_status, info.ssi_pid == (uint32_t)getpid() ? "self" : "other");
}

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN);
  sigaddset(&set, SIGCHLD);
  SHOW(signalfd(-1, &set, 1));
  SHOW(signalfd(99, &set, 0));
  SHOW(signalfd(0, &set, 0));
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(fd >= 0);
  SHOW(fcntl(fd, F_GETFD));
  sigprocmask(SIG_BLOCK, &set, NULL);
  show_one(fd);
  raise(SIGUSR1);
  kill(getpid(), SIGUSR1);
  sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
  sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 8});
  struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
  SHOW(poll(&poll_fd, 1, 0));
  show_one(fd);
  show_one(fd);
  struct signalfd_siginfo several[4];
  SHOW(read(fd, several, sizeof several) / (ssize_t)sizeof *several);
  printf("values %d %d\n", several[0].ssi_int, several[1].ssi_int);
  SHOW(poll(&poll_fd, 1, 0));
  SHOW(read(fd, several, 10));
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(9);
  SHOW(poll(&poll_fd, 1, -1));
  show_one(fd);
  waitpid(child, NULL, 0);
  // Another set for the same file; what is pending and not in it stays.
  raise(SIGUSR1);
  sigset_t other;
  sigemptyset(&other);
  sigaddset(&other, SIGUSR2);
  sigprocmask(SIG_BLOCK, &other, NULL);
  SHOW(signalfd(fd, &other, 0) == fd);
  SHOW(poll(&poll_fd, 1, 0));
  raise(SIGUSR2);
  show_one(fd);
  sigset_t pending;
  sigpending(&pending);
  printf("USR1 is pending: %d\n", sigismember(&pending, SIGUSR1));
  // A blocking read that a signal outside the set interrupts.
  fcntl(fd, F_SETFL, 0);
  fflush(stdout);
  child = fork();
  if (child == 0) {
    wait_until_asleep(getppid());
    kill(getppid(), SIGUSR2);
    _exit(0);
  }
  show_one(fd);
  waitpid(child, NULL, 0);
  return 0;
}
