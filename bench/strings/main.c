// Filling and copying 64 KiB with glibc, which chooses how by what cpuid says. strings NAME: as bench/programs; strings --list: names the loops.
#include "../programs/bench.h"

enum { size = 64 << 10 };
static char from[size], to[size];

static int64_t fill(long count) {
  int64_t start = now();
  while (count--) {
    memset(to, (int)count, size);
    __asm__ volatile("" : : : "memory");
  }
  return now() - start;
}

static int64_t copy(long count) {
  int64_t start = now();
  while (count--) {
    memcpy(to, from, size);
    __asm__ volatile("" : : : "memory");
  }
  return now() - start;
}

static const struct Benchmark loops[] = {{"memset_64k", fill}, {"memcpy_64k", copy}, {NULL, NULL}};

int main(int argc, char** argv) {
  enum { long_enough_ns = 200000000 };
  int found = 0;
  for (const struct Benchmark* each = loops; each->name; ++each) {
    if (argc == 2 && strcmp(argv[1], "--list") == 0) found += printf("%s\n", each->name);
    if (argc != 2 || strcmp(argv[1], each->name) != 0) continue;
    long count = 1;
    int64_t time = each->loop(count);
    for (; time < long_enough_ns; time = each->loop(count)) count *= 2;
    found += printf("%s %.1f\n", each->name, (double)time / (double)count);
  }
  return found ? 0 : 2;
}
