// bench NAME...: runs the named loops. bench --list: names them.
#define _GNU_SOURCE
#include <unistd.h>

#include "bench.h"

extern const struct Benchmark system_calls[], memory_calls[], process_calls[], switches[], computations[];

enum { shortest_run_ns = 40000000, runs = 5 };

static int by_value(const void* a, const void* b) {
  double difference = *(const double*)a - *(const double*)b;
  return difference < 0 ? -1 : difference > 0;
}

static void measure(const struct Benchmark* benchmark) {
  long count = 1;
  int64_t time = benchmark->loop(count);
  while (time < shortest_run_ns) {
    count = time < shortest_run_ns / 64 ? count * 8 : count * 2;
    time = benchmark->loop(count);
  }
  double each[runs];
  for (int run = 0; run < runs; ++run) each[run] = (double)benchmark->loop(count) / (double)count;
  qsort(each, runs, sizeof *each, by_value);
  printf("%s %.1f\n", benchmark->name, each[runs / 2]);
  fflush(stdout);
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "exit") == 0) _exit(0);  // the program of fork_exec
  const struct Benchmark* const tables[] = {system_calls, memory_calls, process_calls, switches, computations};
  int found = 0;
  for (size_t table = 0; table < sizeof tables / sizeof *tables; ++table) {
    for (const struct Benchmark* each = tables[table]; each->name; ++each) {
      if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        printf("%s\n", each->name);
        ++found;
      }
      for (int index = 1; index < argc; ++index) {
        if (strcmp(argv[index], each->name) == 0) {
          measure(each);
          ++found;
        }
      }
    }
  }
  if (!found) fprintf(stderr, "usage: bench --list | NAME...\n");
  return found ? 0 : 2;
}
