// Single calls that do not switch: entry and exit, file names, signals.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static const char* make_file(void) {
  const char* path = path_of("bench-file");
  int fd = open(path, O_CREAT | O_WRONLY, 0600);
  require(fd >= 0, "open");
  close(fd);
  return path;
}

static int64_t get_pid(long count) {
  int64_t start = now();
  while (count--) getpid();  // a system call each time: musl keeps no copy
  return now() - start;
}

static int64_t clock_read(long count) {
  struct timespec time;
  int64_t start = now();
  while (count--) syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
  return now() - start;
}

// As a program reads the clock: by the vDSO, where there is one.
static int64_t clock_by_libc(long count) {
  struct timespec time;
  int64_t start = now();
  while (count--) clock_gettime(CLOCK_MONOTONIC, &time);
  return now() - start;
}

static int64_t read_zero(long count) {
  static char buffer[4096];
  int fd = open("/dev/zero", O_RDONLY);
  require(fd >= 0, "/dev/zero");
  int64_t start = now();
  while (count--) require(read(fd, buffer, sizeof buffer) == sizeof buffer, "read");
  int64_t time = now() - start;
  close(fd);
  return time;
}

static int64_t open_close(long count) {
  const char* path = make_file();
  int64_t start = now();
  while (count--) {
    int fd = open(path, O_RDONLY);
    require(fd >= 0, "open");
    close(fd);
  }
  return now() - start;
}

static int64_t stat_path(long count) {
  const char* path = make_file();
  struct stat info;
  int64_t start = now();
  while (count--) require(stat(path, &info) == 0, "stat");
  return now() - start;
}

static int64_t create_unlink(long count) {
  const char* path = path_of("bench-new");
  int64_t start = now();
  while (count--) {
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    require(fd >= 0, "create");
    close(fd);
    require(unlink(path) == 0, "unlink");
  }
  return now() - start;
}

static int64_t poll_pipes(long count) {
  enum { pipes = 100 };
  struct pollfd fds[pipes];
  for (int index = 0; index < pipes; ++index) {
    int ends[2];
    require(pipe(ends) == 0, "pipe");
    fds[index] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    if (index == pipes - 1) require(write(ends[1], "x", 1) == 1, "write");
  }
  int64_t start = now();
  while (count--) require(poll(fds, pipes, 0) == 1, "poll");
  int64_t time = now() - start;
  for (int fd = fds[0].fd; fd < fds[0].fd + 2 * pipes; ++fd) close(fd);
  return time;
}

static int64_t epoll_pipes(long count) {
  enum { pipes = 100 };
  int epoll = epoll_create1(0), first = 0;
  require(epoll >= 0, "epoll_create1");
  for (int index = 0; index < pipes; ++index) {
    int ends[2];
    require(pipe(ends) == 0, "pipe");
    if (index == 0) first = ends[0];
    struct epoll_event event = {.events = EPOLLIN, .data.fd = ends[0]};
    require(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0, "epoll_ctl");
    if (index == pipes - 1) require(write(ends[1], "x", 1) == 1, "write");
  }
  struct epoll_event ready[8];
  int64_t start = now();
  while (count--) require(epoll_wait(epoll, ready, 8, 0) == 1, "epoll_wait");
  int64_t time = now() - start;
  for (int fd = first; fd < first + 2 * pipes; ++fd) close(fd);
  close(epoll);
  return time;
}

static void on_signal(int number) { (void)number; }

static int64_t deliver_signal(long count) {
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  pid_t self = getpid();
  int64_t start = now();
  while (count--) kill(self, SIGUSR1);
  return now() - start;
}

static int64_t install_handler(long count) {
  struct sigaction action = {.sa_handler = on_signal};
  int64_t start = now();
  while (count--) sigaction(SIGUSR1, &action, NULL);
  return now() - start;
}

const struct Benchmark system_calls[] = {{"getpid", get_pid},       {"clock_gettime", clock_read},     {"clock_libc", clock_by_libc}, {"read_zero_4k", read_zero}, {"open_close", open_close},
                                         {"stat", stat_path},       {"create_unlink", create_unlink},  {"poll_100", poll_pipes},    {"signal", deliver_signal},
                                         {"sig_install", install_handler}, {"epoll_100", epoll_pipes},
                                         {NULL, NULL}};
