// Time in the kernel counts as system time, time in the program as user time (times(2)).
// clock: counted
#define _GNU_SOURCE
#include <fcntl.h>
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

static const long goal = 150000;  // microseconds

static int calls_are_system_time(void) {
  struct rusage before = use(RUSAGE_SELF), after;
  long start = used(RUSAGE_SELF);
  // Long calls: how long the way into the kernel and out of it takes is the machine's matter.
  static char room[1 << 18];
  int zeroes = open("/dev/zero", O_RDONLY);
  while (used(RUSAGE_SELF) - start < goal)
    for (int count = 0; count < 10; ++count)
      if (read(zeroes, room, sizeof room) != sizeof room) return 0;
  close(zeroes);
  after = use(RUSAGE_SELF);
  return 5 * (micros(after.ru_stime) - micros(before.ru_stime)) > micros(after.ru_utime) - micros(before.ru_utime);
}

static int computing_is_user_time(int* is_enough) {
  pid_t child = fork();
  if (child == 0) {
    volatile unsigned long sum = 0;
    while (used(RUSAGE_SELF) < goal)
      for (int count = 0; count < 1000000; ++count) sum += count;
    _exit(0);
  }
  struct rusage child_use;
  wait4(child, NULL, 0, &child_use);
  *is_enough = micros(child_use.ru_utime) + micros(child_use.ru_stime) >= goal;
  return micros(child_use.ru_utime) > 9 * micros(child_use.ru_stime);
}

int main(void) {
  printf("calls: system time is a good part: %d\n", calls_are_system_time());
  int is_enough = 0, is_good = computing_is_user_time(&is_enough);
  printf("computing: user time is nearly all: %d\n", is_good);
  printf("in all as much as was asked for: %d\n", is_enough);
  return 0;
}
