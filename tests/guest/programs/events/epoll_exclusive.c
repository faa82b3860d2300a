// EPOLLEXCLUSIVE (epoll_ctl(2)): of several epoll files on one file, a wake-up goes to one in which somebody waits who is not awake yet.
#include "guest.h"

#include <sched.h>
#include <sys/epoll.h>

static int ends[2];

static int watch(void) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
  CHECK(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
  return epoll;
}

// Takes one byte, whichever process it was meant for.
static pid_t start_taker(void) {
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    int epoll = watch();
    struct epoll_event event;
    char byte;
    CHECK(epoll_wait(epoll, &event, 1, -1) == 1);
    CHECK(read(ends[0], &byte, 1) == 1);
    _exit(0);
  }
  wait_until_asleep(pid);
  return pid;
}

int main(void) {
  CHECK(pipe(ends) == 0);
  int nobody_waits = watch();
  pid_t takers[3];
  for (size_t index = 0; index < COUNT(takers); ++index) takers[index] = start_taker();
  for (size_t index = 0; index < COUNT(takers); ++index) CHECK(write(ends[1], "x", 1) == 1);
  for (size_t index = 0; index < COUNT(takers); ++index) {
    int status;
    CHECK(waitpid(takers[index], &status, 0) == takers[index]);
    show_status("a taker", status);
  }
  close(nobody_waits);
  return 0;
}
