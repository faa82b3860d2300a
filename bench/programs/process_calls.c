// Processes made and ended.
#define _GNU_SOURCE
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static int64_t fork_exit(long count) {
  int64_t start = now();
  while (count--) {
    pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) _exit(0);
    require(waitpid(child, NULL, 0) == child, "wait");
  }
  return now() - start;
}

static int64_t fork_exec(long count) {
  const char* path = getenv("BENCH_SELF");
  require(path != NULL, "BENCH_SELF");
  int64_t start = now();
  while (count--) {
    pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) {
      execl(path, path, "exit", NULL);
      _exit(127);
    }
    int status = 0;
    require(waitpid(child, &status, 0) == child && status == 0, "wait");
  }
  return now() - start;
}

const struct Benchmark process_calls[] = {{"fork_exit", fork_exit}, {"fork_exec", fork_exec}, {NULL, NULL}};
