// bench [--for=NANOSECONDS] NAME...: runs the named loops, each run taking at least so long. bench --pairs NAME...: in one process, and in two
// at once. bench --rounds=N NAME...: just so many rounds, no figure. bench --list: names the loops. bench --init ...: any of it as a machine's
// first process, which turns the machine off afterwards.
#define _GNU_SOURCE
#include <unistd.h>

#include "bench.h"
#include "machine.h"
#include "pairs.h"

extern const struct Benchmark system_calls[], file_calls[], memory_calls[], process_calls[], switches[], computations[];
static const struct Benchmark* const tables[] = {system_calls, file_calls, memory_calls, process_calls, switches, computations};

enum { runs = 5 };
static int64_t shortest_run_ns = 40000000;

const char* path_of(const char* name) {
  static char path[256];
  const char* folder = getenv("BENCH_DIR");
  snprintf(path, sizeof path, "%s/%s", folder ? folder : "/tmp", name);
  return path;
}

static long fixed_rounds;

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

// Calls action for each loop of that name, or for all if there is none; returns for how many.
static int for_each(const char* name, void (*action)(const struct Benchmark*)) {
  int found = 0;
  for (size_t table = 0; table < sizeof tables / sizeof *tables; ++table) {
    for (const struct Benchmark* each = tables[table]; each->name; ++each) {
      if (name && strcmp(name, each->name) != 0) continue;
      action(each);
      ++found;
    }
  }
  return found;
}

static void run_rounds(const struct Benchmark* benchmark) { benchmark->loop(fixed_rounds); }
static void print_name(const struct Benchmark* benchmark) { printf("%s\n", benchmark->name); }

static int run(int argc, char** argv) {
  int found = 0;
  void (*action)(const struct Benchmark*) = measure;
  for (int index = 1; index < argc; ++index) {
    if (strcmp(argv[index], "--pairs") == 0) action = run_pairs;
    else if (strncmp(argv[index], "--for=", 6) == 0) shortest_run_ns = atoll(argv[index] + 6);
    else if (strncmp(argv[index], "--rounds=", 9) == 0) fixed_rounds = atol(argv[index] + 9), action = run_rounds;
    else if (strcmp(argv[index], "--list") == 0) found += for_each(NULL, print_name);
    else found += for_each(argv[index], action);
  }
  if (!found) fprintf(stderr, "usage: bench --list | [--for=NANOSECONDS | --rounds=N | --pairs] NAME...\n");
  return found ? 0 : 2;
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "exit") == 0) _exit(0);  // the program of fork_exec
  if (argc < 2 || strcmp(argv[1], "--init") != 0) return run(argc, argv);
  start_as_init();
  run(argc - 1, argv + 1);
  power_off();
  return 1;
}
