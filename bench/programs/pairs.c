// The same work in one process on the first CPU, then in each of two processes on a CPU each, by turns. The program only says when which work
// begins and ends, in lines `NAME alone`, `NAME pair` and `NAME over`; how much time the machine's CPUs took meanwhile is for whoever reads
// them, and who knows what else that machine's own CPUs had to do.
#define _GNU_SOURCE
#include "pairs.h"

#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { turns = 9, alone_ns = 300000000, reader_us = 30000 };

static long find_count(Loop loop) {
  long count = 1;
  int64_t time;
  while ((time = loop(count)) < alone_ns / 64) count *= 2;
  return (long)((double)count * alone_ns / (double)time);
}

// In a process of its own, with files of its own. Waits for a byte before the work that counts.
static void work(Loop loop, long count, int cpu, int start) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  require(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
  char folder[300];
  snprintf(folder, sizeof folder, "%s", path_of(cpu ? "second" : "first"));
  mkdir(folder, 0700);
  setenv("BENCH_DIR", folder, 1);
  loop(count / 64);
  char byte;
  require(read(start, &byte, 1) == 1, "read");
  loop(count);
  _exit(0);
}

// The line, and then nothing until it has been read.
static void tell(const char* name, const char* what) {
  printf("%s %s\n", name, what);
  fflush(stdout);
  usleep(reader_us);
}

static void run_processes(const struct Benchmark* benchmark, long count, int processes) {
  int start[2];
  require(pipe(start) == 0, "pipe");
  for (int cpu = 0; cpu < processes; ++cpu) {
    pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) work(benchmark->loop, count, cpu, start[0]);
  }
  usleep(4 * reader_us);
  tell(benchmark->name, processes == 1 ? "alone" : "pair");
  require(write(start[1], "go", (size_t)processes) == processes, "write");
  for (int cpu = 0; cpu < processes; ++cpu) require(wait(NULL) > 0, "wait");
  tell(benchmark->name, "over");
  close(start[0]), close(start[1]);
}

void run_pairs(const struct Benchmark* benchmark) {
  long count = find_count(benchmark->loop);
  for (int turn = 0; turn < turns; ++turn) {
    run_processes(benchmark, count, 1);
    run_processes(benchmark, count, 2);
  }
}
