// epoll (epoll(7)): adding and removing, level and edge, one-shot, nesting, descriptors that are closed, waits that end.
#include "guest.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

static int add(int epoll, int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data.u64 = data};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int modify(int epoll, int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data.u64 = data};
  return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

static void show_ready(const char* what, int epoll, int limit) {
  struct epoll_event events[8];
  int count = epoll_wait(epoll, events, limit, 0);
  printf("%s: %d", what, count);
  for (int index = 0; index < count; ++index) printf(" [%x %llu]", events[index].events, (unsigned long long)events[index].data.u64);
  printf("\n");
}

static void errors(void) {
  SHOW(epoll_create1(1));
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  CHECK(epoll >= 0);
  SHOW(fcntl(epoll, F_GETFD));
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(add(epoll, 99, EPOLLIN, 0));
  SHOW(add(99, ends[0], EPOLLIN, 0));
  SHOW(add(epoll, epoll, EPOLLIN, 0));
  SHOW(add(ends[0], ends[1], EPOLLIN, 0));
  SHOW(add(epoll, ends[0], EPOLLIN, 0));
  SHOW(add(epoll, ends[0], EPOLLIN, 0));
  SHOW(modify(epoll, ends[1], EPOLLIN, 0));
  SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[1], NULL));
  SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], NULL));
  SHOW(epoll_ctl(epoll, 7, ends[0], &(struct epoll_event){0}));
  SHOW(add(epoll, ends[1], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 0));
  SHOW(modify(epoll, ends[0], EPOLLIN | EPOLLEXCLUSIVE, 0));
  int file = open("file", O_RDWR | O_CREAT, 0600);
  CHECK(file >= 0);
  SHOW(add(epoll, file, EPOLLIN, 0));
  int null = open("/dev/null", O_RDWR);
  SHOW(add(epoll, null, EPOLLIN, 0));
  struct epoll_event event;
  SHOW(epoll_wait(epoll, &event, 0, 0));
  SHOW(epoll_wait(epoll, &event, -1, 0));
  SHOW(epoll_wait(ends[0], &event, 1, 0));
  SHOW(epoll_wait(99, &event, 1, 0));
  char byte;
  SHOW(read(epoll, &byte, 1));
  SHOW(write(epoll, &byte, 1));
  SHOW(lseek(epoll, 0, SEEK_SET));
  close(epoll), close(ends[0]), close(ends[1]), close(file), close(null);
}

static void modes(void) {
  int epoll = epoll_create1(0);
  int ends[2];
  CHECK(pipe2(ends, O_NONBLOCK) == 0);
  CHECK(add(epoll, ends[0], EPOLLIN, 1) == 0);
  CHECK(add(epoll, ends[1], EPOLLOUT | EPOLLET, 2) == 0);
  show_ready("writer", epoll, 8);
  show_ready("edge is over", epoll, 8);
  CHECK(write(ends[1], "abc", 3) == 3);
  show_ready("level", epoll, 8);
  show_ready("level again", epoll, 8);
  char byte;
  CHECK(read(ends[0], &byte, 1) == 1);
  show_ready("some is left", epoll, 8);
  SHOW(modify(epoll, ends[0], EPOLLIN | EPOLLET, 3));
  show_ready("edge by modify", epoll, 8);
  show_ready("no new edge", epoll, 8);
  CHECK(write(ends[1], "d", 1) == 1);
  show_ready("new edge", epoll, 8);
  SHOW(modify(epoll, ends[0], EPOLLIN | EPOLLONESHOT, 4));
  show_ready("one shot", epoll, 8);
  CHECK(write(ends[1], "e", 1) == 1);
  show_ready("spent", epoll, 8);
  SHOW(modify(epoll, ends[0], EPOLLIN | EPOLLONESHOT, 5));
  show_ready("armed again", epoll, 8);
  SHOW(modify(epoll, ends[0], 0, 6));
  close(ends[1]);
  show_ready("hung up", epoll, 8);
  close(ends[0]);
  show_ready("closed", epoll, 8);
  close(epoll);
}

static void fairness(void) {
  int epoll = epoll_create1(0);
  int fds[3];
  for (int index = 0; index < 3; ++index) {
    fds[index] = eventfd(1, 0);
    CHECK(add(epoll, fds[index], EPOLLIN, (uint64_t)index) == 0);
  }
  for (int round = 0; round < 4; ++round) show_ready("turn", epoll, 1);
  show_ready("all", epoll, 8);
  for (int index = 0; index < 3; ++index) close(fds[index]);
  close(epoll);
}

static void duplicates(void) {
  int epoll = epoll_create1(0);
  int fd = eventfd(1, 0);
  CHECK(add(epoll, fd, EPOLLIN, 1) == 0);
  int copy = dup(fd);
  SHOW(add(epoll, copy, EPOLLIN, 2));
  close(fd);
  show_ready("the description lives", epoll, 8);
  SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
  close(copy);
  show_ready("it is gone", epoll, 8);
  close(epoll);
}

static void nesting(void) {
  int chain[7];
  for (int index = 0; index < 7; ++index) chain[index] = epoll_create1(0);
  for (int index = 0; index < 4; ++index) SHOW(add(chain[index + 1], chain[index], EPOLLIN, (uint64_t)index));
  SHOW(add(chain[0], chain[4], EPOLLIN, 0));
  int fd = eventfd(0, 0);
  SHOW(add(chain[0], fd, EPOLLIN, 9));
  show_ready("quiet", chain[4], 8);
  eventfd_write(fd, 1);
  show_ready("through the chain", chain[4], 8);
  show_ready("at the bottom", chain[0], 8);
  eventfd_t value;
  eventfd_read(fd, &value);
  show_ready("quiet again", chain[4], 8);
  int again = add(chain[5], chain[4], EPOLLIN, 0);
  printf("too deep: %s\n", again == 0 ? "no" : errno == ELOOP || errno == EINVAL ? "yes" : error_name(errno));
  for (int index = 0; index < 7; ++index) close(chain[index]);
  close(fd);
}

static void nothing(int signal) { (void)signal; }

static void waits(void) {
  int epoll = epoll_create1(0);
  int fd = eventfd(0, 0);
  CHECK(add(epoll, fd, EPOLLIN, 1) == 0);
  struct epoll_event event;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  SHOW(epoll_wait(epoll, &event, 1, 30));
  clock_gettime(CLOCK_MONOTONIC, &end);
  long waited = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
  printf("waited long enough: %d\n", waited >= 29);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    wait_until_asleep(getppid());
    eventfd_write(fd, 1);
    _exit(0);
  }
  SHOW(epoll_wait(epoll, &event, 1, -1));
  waitpid(child, NULL, 0);
  eventfd_t value;
  eventfd_read(fd, &value);
  struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  ualarm(100000, 100000);  // again and again: the first may come before the wait
  SHOW(epoll_wait(epoll, &event, 1, -1));
  ualarm(0, 0);
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  sigprocmask(SIG_BLOCK, &set, &old);
  raise(SIGALRM);
  SHOW(epoll_pwait(epoll, &event, 1, 10, &set));
  SHOW(epoll_pwait(epoll, &event, 1, -1, &old));
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  printf("blocked again: %d\n", sigismember(&now, SIGALRM));
}

int main(void) {
  errors();
  modes();
  fairness();
  duplicates();
  nesting();
  waits();
  return 0;
}
