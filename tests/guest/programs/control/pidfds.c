// Processes by descriptor: pidfd_open(2), CLONE_PIDFD, pidfd_send_signal(2), pidfd_getfd(2), waitid(2), poll(2) and epoll(7) on them.
#include "guest.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

struct clone_arguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static int pidfd_of(pid_t pid, unsigned flags) { return (int)syscall(434, pid, flags); }
static int send_by(int pidfd, int signal, siginfo_t* info, unsigned flags) { return (int)syscall(424, pidfd, signal, info, flags); }
static int take_from(int pidfd, int fd, unsigned flags) { return (int)syscall(438, pidfd, fd, flags); }
static int wait_by(int pidfd, siginfo_t* info, int options) { return (int)syscall(SYS_waitid, P_PIDFD, pidfd, info, options, NULL); }

static bool is_readable(int fd, int timeout) {
  struct pollfd one = {fd, POLLIN, 0};
  return poll(&one, 1, timeout) == 1 && (one.revents & POLLIN);
}

static pid_t sleeper(void) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0)
    for (;;) pause();
  return pid;
}

static void end_of_a_process(void) {
  pid_t pid = sleeper();
  int fd = pidfd_of(pid, 0);
  CHECK(fd >= 0);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  printf("readable %d\n", is_readable(fd, 0));
  SHOW(epoll_wait(epoll, &event, 1, 0));
  SHOW(send_by(fd, SIGTERM, NULL, 0));
  printf("readable %d\n", is_readable(fd, 10000));
  SHOW(epoll_wait(epoll, &event, 1, 10000));
  SHOW(send_by(fd, SIGTERM, NULL, 0));
  siginfo_t info;
  SHOW(wait_by(fd, &info, WEXITED | WNOWAIT));
  SHOW(wait_by(fd, &info, WEXITED));
  printf("it is the child %d, signal %d, code %d, status %d\n", info.si_pid == pid, info.si_signo, info.si_code, info.si_status);
  printf("readable %d\n", is_readable(fd, 0));
  SHOW(wait_by(fd, &info, WEXITED));
  printf("signal %d\n", info.si_signo);
  SHOW(send_by(fd, 0, NULL, 0));
  SHOW(take_from(fd, 0, 0));
  SHOW_OK(pidfd_of(pid, 0));
  close(epoll);
  close(fd);
}

static void without_waiting(void) {
  pid_t pid = sleeper();
  int fd = pidfd_of(pid, O_NONBLOCK);
  siginfo_t info;
  SHOW(wait_by(fd, &info, WEXITED));
  SHOW(wait_by(fd, &info, WEXITED | WNOHANG));
  SHOW(fcntl(fd, F_GETFD));
  printf("flags %o\n", fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
  char byte;
  SHOW(read(fd, &byte, 1));
  SHOW(write(fd, "x", 1));
  kill(pid, SIGKILL);
  CHECK(is_readable(fd, 10000));
  SHOW(wait_by(fd, &info, WEXITED));
  close(fd);
}

static void by_clone(void) {
  int fd = -1;
  pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
  if (pid == 0) _exit(fcntl(fd < 0 ? 3 : fd, F_GETFD) == -1 ? 5 : 6);
  CHECK(pid > 0);
  siginfo_t info;
  SHOW(wait_by(fd, &info, WEXITED));
  printf("status %d, closes at exec %d\n", info.si_status, fcntl(fd, F_GETFD));
  close(fd);
  struct clone_arguments arguments = {.flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd, .exit_signal = SIGCHLD};
  pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) _exit(7);
  CHECK(pid > 0);
  SHOW(wait_by(fd, &info, WEXITED));
  printf("status %d\n", info.si_status);
  close(fd);
  SHOW(syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, (void*)8, 0, 0));
  SHOW(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0));
  SHOW(syscall(SYS_clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, &fd, 0, 0));
  int next = dup(0);
  printf("nothing is left: %d\n", next == fd);
  close(next);
  SHOW(waitpid(-1, NULL, 0));
}

static void others_files(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    int fd = dup2(ends[1], 50);
    close(ends[1]);
    CHECK(write(fd, "r", 1) == 1);
    for (;;) pause();
  }
  close(ends[1]);
  char byte = 0;
  CHECK(read(ends[0], &byte, 1) == 1);
  int fd = pidfd_of(pid, 0);
  int taken = take_from(fd, 50, 0);
  printf("taken %d, closes at exec %d\n", taken >= 0, fcntl(taken, F_GETFD));
  CHECK(write(taken, "w", 1) == 1);
  CHECK(read(ends[0], &byte, 1) == 1);
  printf("read %c\n", byte);
  SHOW(take_from(fd, 51, 0));
  SHOW(take_from(fd, 50, 1));
  SHOW(take_from(ends[0], 50, 0));
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}

static volatile sig_atomic_t last_code;
static void note(int signal, siginfo_t* info, void* context) { last_code = info->si_code; }

static void signals(void) {
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  int own = pidfd_of(getpid(), 0);
  last_code = 99;
  SHOW(send_by(own, SIGUSR1, NULL, 0));
  printf("code %d\n", (int)last_code);
  siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
  SHOW(send_by(own, SIGUSR1, &info, 0));
  printf("code %d\n", (int)last_code);
  SHOW(send_by(own, SIGUSR2, &info, 0));
  pid_t pid = sleeper();
  int fd = pidfd_of(pid, 0);
  info.si_code = SI_USER;
  SHOW(send_by(fd, SIGUSR1, &info, 0));
  SHOW(send_by(fd, 65, NULL, 0));
  SHOW(send_by(0, SIGUSR1, NULL, 0));
  SHOW(send_by(fd, SIGUSR1, (siginfo_t*)8, 0));
  char name[40];
  snprintf(name, sizeof name, "/proc/%d", pid);
  int directory = open(name, O_RDONLY | O_DIRECTORY);
  CHECK(directory >= 0);
  SHOW(send_by(directory, 0, NULL, 0));
  SHOW(wait_by(directory, &info, WEXITED | WNOHANG));
  SHOW(send_by(directory, SIGKILL, NULL, 0));
  CHECK(waitpid(pid, NULL, 0) == pid);
  SHOW(send_by(directory, 0, NULL, 0));
}

static void refused(void) {
  SHOW(pidfd_of(0, 0));
  SHOW(pidfd_of(-1, 0));
  SHOW(pidfd_of(getpid(), 1));
  SHOW(wait_by(0, NULL, WEXITED));
  SHOW(wait_by(-1, NULL, WEXITED));
  SHOW(wait_by(99, NULL, WEXITED));
  int fd = pidfd_of(getpid(), 0);
  SHOW(wait_by(fd, NULL, WEXITED));
}

int main(void) {
  end_of_a_process();
  without_waiting();
  by_clone();
  others_files();
  signals();
  refused();
  return 0;
}
