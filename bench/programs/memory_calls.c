// Mappings and page faults.
#define _GNU_SOURCE
#include <sys/mman.h>

#include "bench.h"

enum { page = 4096 };

static char* map(size_t size) {
  char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(memory != MAP_FAILED, "mmap");
  return memory;
}

static int64_t map_unmap(long count) {
  int64_t start = now();
  while (count--) munmap(map(16 * page), 16 * page);
  return now() - start;
}

// A round is one page; mapping and unmapping do not count.
static int64_t touch(long count) {
  enum { most = 4096 };
  int64_t time = 0;
  while (count > 0) {
    long pages = count < most ? count : most;
    volatile char* memory = map((size_t)pages * page);
    int64_t start = now();
    for (long index = 0; index < pages; ++index) memory[index * page] = 1;
    time += now() - start;
    munmap((void*)memory, (size_t)pages * page);
    count -= pages;
  }
  return time;
}

const struct Benchmark memory_calls[] = {{"mmap_munmap", map_unmap}, {"page_touch", touch}, {NULL, NULL}};
