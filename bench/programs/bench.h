// What every benchmark program shares: the clock, and a table of named loops. A loop runs `count` rounds and returns the nanoseconds that
// count, so that its setting up can be left out. The harness finds a count that takes long enough, then prints the median of several runs:
//   NAME NANOSECONDS_PER_ROUND
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int64_t (*Loop)(long count);

struct Benchmark {
  const char* name;
  Loop loop;
};

static inline int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static inline void require(int holds, const char* what) {
  if (holds) return;
  perror(what);
  exit(1);
}

// The path of a file to make, in the folder that $BENCH_DIR names; valid until the next call.
const char* path_of(const char* name);
