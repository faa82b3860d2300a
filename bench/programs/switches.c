// Threads and processes that hand the CPU to each other. A round goes there and back.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { futex_wait_private = 128, futex_wake_private = 129 };  // futex(2); musl has no header for them

static _Atomic int turn;
static _Atomic int is_over;
static long rounds;

static void* yielder(void* nothing) {
  while (!atomic_load(&is_over)) sched_yield();
  return nothing;
}

static int64_t yield(long count) {
  pthread_t other;
  atomic_store(&is_over, 0);
  require(pthread_create(&other, NULL, yielder, NULL) == 0, "pthread_create");
  int64_t start = now();
  while (count--) sched_yield();
  int64_t time = now() - start;
  atomic_store(&is_over, 1);
  pthread_join(other, NULL);
  return time;
}

static void wait_turn(int mine) {
  int seen;
  while ((seen = atomic_load(&turn)) != mine) syscall(SYS_futex, &turn, futex_wait_private, seen, NULL, NULL, 0);
}

static void pass_turn(int to) {
  atomic_store(&turn, to);
  syscall(SYS_futex, &turn, futex_wake_private, 1, NULL, NULL, 0);
}

static void* answerer(void* nothing) {
  for (long round = 0; round < rounds; ++round) {
    wait_turn(1);
    pass_turn(0);
  }
  return nothing;
}

static int64_t futex_ping_pong(long count) {
  pthread_t other;
  atomic_store(&turn, 0);
  rounds = count;
  require(pthread_create(&other, NULL, answerer, NULL) == 0, "pthread_create");
  int64_t start = now();
  for (long round = 0; round < count; ++round) {
    pass_turn(1);
    wait_turn(0);
  }
  int64_t time = now() - start;
  pthread_join(other, NULL);
  return time;
}

static int64_t pipe_ping_pong(long count) {
  int there[2], back[2];
  char byte = 0;
  require(pipe(there) == 0 && pipe(back) == 0, "pipe");
  pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    close(there[1]);
    while (read(there[0], &byte, 1) == 1) require(write(back[1], &byte, 1) == 1, "write");
    _exit(0);
  }
  int64_t start = now();
  while (count--) {
    require(write(there[1], &byte, 1) == 1, "write");
    require(read(back[0], &byte, 1) == 1, "read");
  }
  int64_t time = now() - start;
  close(there[1]), close(there[0]), close(back[0]), close(back[1]);
  waitpid(child, NULL, 0);
  return time;
}

const struct Benchmark switches[] = {{"sched_yield", yield}, {"futex_ping_pong", futex_ping_pong}, {"pipe_ping_pong", pipe_ping_pong}, {NULL, NULL}};
