// Time in the kernel counts as system time, time in the program as user time (times(2)).
// clock: real
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long micros(struct timeval time) { return time.tv_sec * 1000000L + time.tv_usec; }

static struct rusage use(int who) {
  struct rusage use;
  getrusage(who, &use);
  return use;
}

static long used(int who) {
  struct rusage all = use(who);
  return micros(all.ru_utime) + micros(all.ru_stime);
}

int main(void) {
  const long goal = 150000;  // microseconds
  while (used(RUSAGE_SELF) < goal)
    for (int count = 0; count < 100; ++count) access("/proc/self/status", F_OK);
  struct rusage after = use(RUSAGE_SELF);
  printf("calls: system time is a good part: %d\n", 5 * micros(after.ru_stime) > micros(after.ru_utime));

  pid_t child = fork();
  if (child == 0) {
    volatile unsigned long sum = 0;
    while (used(RUSAGE_SELF) < goal)
      for (int count = 0; count < 1000000; ++count) sum += count;
    _exit(0);
  }
  waitpid(child, NULL, 0);
  struct rusage children = use(RUSAGE_CHILDREN);
  printf("computing: user time is nearly all: %d\n", micros(children.ru_utime) > 9 * micros(children.ru_stime));
  printf("in all as much as was asked for: %d\n", used(RUSAGE_CHILDREN) >= goal);
  return 0;
}
