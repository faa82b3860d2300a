// A program that computes without end does not keep another one from its share of the CPU, nor one that sleeps from waking up. All of them
// have to do with one CPU. With an argument the shares are shown. Shares of the host's own time would depend on what else it does, Linux's too.
// clock: virtual
#include "guest.h"

#include <sched.h>
#include <sys/resource.h>
#include <time.h>

enum { duration = 800, spinners = 3, naps = 20, nap = 10 };  // milliseconds

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void rest(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  while (nanosleep(&time, &time) < 0 && errno == EINTR) {}
}

static void stay_on_one_cpu(void) {
  cpu_set_t all, one;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &all)) ++cpu;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
}

static pid_t spin(int calls) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid != 0) return pid;
  for (volatile unsigned long count = 0;; ++count)
    if (calls) getppid();
}

static double cpu_time(pid_t pid) {
  int status;
  struct rusage use;
  CHECK(kill(pid, SIGKILL) == 0 && wait4(pid, &status, 0, &use) == pid);
  return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

// One of the spinners is in and out of the kernel all the time.
static void share(int count, int shows) {
  pid_t pids[spinners];
  double times[spinners], sum = 0;
  for (int index = 0; index < count; ++index) pids[index] = spin(index == 1);
  rest(duration);
  for (int index = 0; index < count; ++index) sum += times[index] = cpu_time(pids[index]);
  int is_fair = 1;
  for (int index = 0; index < count; ++index) {
    double part = times[index] / sum * count;
    if (shows) printf("program %d of %d: %.3f of its share\n", index, count, part);
    if (part < 0.6 || part > 1.5) is_fair = 0;
  }
  printf("%d programs share the CPU: %s\n", count, is_fair ? "yes" : "no");
}

static void wake_up(int shows) {
  pid_t pid = spin(0);
  long start = now();
  for (int count = 0; count < naps; ++count) rest(nap);
  long took = now() - start;
  if (shows) printf("%d naps of %d ms: %ld ms\n", naps, nap, took);
  cpu_time(pid);
  printf("a sleeper wakes up beside it: %s\n", took < naps * nap * 10 ? "yes" : "no");
}

int main(int count, char** arguments) {
  stay_on_one_cpu();
  share(2, count > 1);
  share(spinners, count > 1);
  wake_up(count > 1);
  return 0;
}
