// Code that is rewritten while it is run: by a second mapping, by the kernel, by another thread and another process, by the mapping itself.
#include "guest.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

enum { page = 4096, rounds = 100, size = 16 };

// A function that returns `value`.
static void write_function(unsigned char* to, int value) {
#if defined(__x86_64__)
  unsigned char code[size] = {0xb8, 0, 0, 0, 0, 0xc3};
  memcpy(code + 1, &value, sizeof value);
#else
  uint32_t code[size / 4] = {(uint32_t)value << 20 | 0x513, 0x8067};
#endif
  memcpy(to, code, size);
}

static int call(unsigned char* code) {
  __builtin___clear_cache((char*)code, (char*)code + size);
  return ((int (*)(void))code)();
}

static unsigned char* map(int fd, int protection) {
  unsigned char* memory = mmap(NULL, 4 * page, protection, fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  return memory;
}

static void show_wrong(const char* who, unsigned char* write_at, unsigned char* run_at) {
  int wrong = 0;
  for (int value = 0; value < rounds; ++value) {
    write_function(write_at, value);
    wrong += call(run_at) != value;
  }
  printf("%s: %d wrong\n", who, wrong);
}

static struct {
  unsigned char* at;
  volatile int turn;
} thread;

static void* write_by_turns(void* unused) {
  for (int value = 0; value < rounds; ++value) {
    while (thread.turn != 0) sched_yield();
    write_function(thread.at, value);
    __sync_synchronize();
    thread.turn = 1;
  }
  return unused;
}

static void show_thread(unsigned char* write_at, unsigned char* run_at) {
  int wrong = 0;
  pthread_t other;
  thread.at = write_at;
  CHECK(pthread_create(&other, NULL, write_by_turns, NULL) == 0);
  for (int value = 0; value < rounds; ++value) {
    while (thread.turn != 1) sched_yield();
    wrong += call(run_at) != value;
    thread.turn = 0;
  }
  pthread_join(other, NULL);
  printf("another thread: %d wrong\n", wrong);
}

static void show_process(unsigned char* write_at, unsigned char* run_at) {
  int ask[2], answer[2], wrong = 0;
  char byte = 0;
  CHECK(pipe(ask) == 0 && pipe(answer) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    for (int value = 0; value < rounds; ++value) {
      if (read(ask[0], &byte, 1) != 1) _exit(1);
      write_function(write_at, value);
      if (write(answer[1], &byte, 1) != 1) _exit(1);
    }
    _exit(0);
  }
  for (int value = 0; value < rounds; ++value) {
    CHECK(write(ask[1], &byte, 1) == 1 && read(answer[0], &byte, 1) == 1);
    wrong += call(run_at) != value;
  }
  CHECK(waitpid(child, NULL, 0) == child);
  printf("another process: %d wrong\n", wrong);
}

static void show_kernel(int fd, unsigned char* run_at, off_t offset) {
  int wrong = 0;
  for (int value = 0; value < rounds; ++value) {
    unsigned char code[size];
    write_function(code, value);
    CHECK(pwrite(fd, code, size, offset) == size);
    wrong += call(run_at) != value;
  }
  printf("pwrite: %d wrong\n", wrong);
}

int main(void) {
  int fd = memfd_create("code", 0);
  CHECK(fd >= 0 && ftruncate(fd, 4 * page) == 0);
  unsigned char *write_at = map(fd, PROT_READ | PROT_WRITE), *run_at = map(fd, PROT_READ | PROT_EXEC);
  show_wrong("a second mapping", write_at, run_at);
  show_wrong("across 64 bytes", write_at + page + 60, run_at + page + 60);
  show_kernel(fd, run_at + 2 * page, 2 * page);
  show_thread(write_at + 3 * page, run_at + 3 * page);
  show_process(write_at + 3 * page + 256, run_at + 3 * page + 256);
  unsigned char* both = map(-1, PROT_READ | PROT_WRITE | PROT_EXEC);
  show_wrong("itself", both, both);
  unsigned char* alias = mremap(both, 0, page, MREMAP_MAYMOVE);
  CHECK(alias != MAP_FAILED);
  show_wrong("one alias", both, alias);
  show_wrong("the other alias", alias, both);
  return 0;
}
