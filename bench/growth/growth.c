// growth KIND COUNT: makes so many of a kind, then prints what some calls cost beside them, a line each:
//   NAME NANOSECONDS
// The best of several runs, since other programs' work can only add to it. If the kernel gives fewer, it says how many: `have N`.
#define _GNU_SOURCE
#include "growth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

void require(int holds, const char* what) {
  if (holds) return;
  perror(what);
  exit(1);
}

void measure(const char* name, void (*round)(void)) {
  enum { runs = 7 };
  const int64_t shortest = 4000000;
  long count = 1;
  double best = 1e18;
  for (int run = 0; run < runs;) {
    int64_t start = now();
    for (long i = 0; i < count; ++i) round();
    int64_t time = now() - start;
    if (time < shortest && count < 1 << 20) {
      count *= 2;
      continue;
    }
    if ((double)time / (double)count < best) best = (double)time / (double)count;
    ++run;
  }
  printf("%s %.1f\n", name, best);
  fflush(stdout);
}

static void raise_limits(void) {
  static const int limits[] = {RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_SIGPENDING};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; ++i) {
    struct rlimit limit;
    if (getrlimit(limits[i], &limit) != 0) continue;
    if (limits[i] != RLIMIT_NOFILE || limit.rlim_max < 300000) limit.rlim_max = 300000;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(limits[i], &limit) != 0) {
      getrlimit(limits[i], &limit);
      limit.rlim_cur = limit.rlim_max;
      setrlimit(limits[i], &limit);
    }
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  raise_limits();
  long count = atol(argv[2]);
  for (const struct Kind* kind = kinds; kind->name; ++kind) {
    if (strcmp(kind->name, argv[1]) != 0) continue;
    long have = kind->make(count);
    if (have < count) printf("have %ld\n", have);
    kind->measure();
    fflush(stdout);
    kind->end();
    return 0;
  }
  return 2;
}
