// The clocks by the vDSO and by system calls: the same clocks, never behind each other, on whatever CPU and in whatever thread.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "vdso.h"

typedef int (*Clock)(clockid_t, struct timespec*);
typedef int (*TimeOfDay)(struct timeval*, void*);
typedef long (*GetCpu)(unsigned*, unsigned*, void*);

static Clock clock_by_vdso, resolution_by_vdso;
static TimeOfDay day_by_vdso;
static GetCpu cpu_by_vdso;

static int64_t flat(struct timespec time) { return time.tv_sec * INT64_C(1000000000) + time.tv_nsec; }

static int64_t by_vdso(clockid_t clock) {
  struct timespec time;
  CHECK(clock_by_vdso(clock, &time) == 0 && time.tv_nsec >= 0 && time.tv_nsec < 1000000000);
  return flat(time);
}

static int64_t by_call(clockid_t clock) {
  struct timespec time;
  CHECK(syscall(SYS_clock_gettime, clock, &time) == 0);
  return flat(time);
}

static const struct {
  clockid_t id;
  const char* name;
} clocks[] = {{CLOCK_REALTIME, "realtime"},
              {CLOCK_MONOTONIC, "monotonic"},
              {CLOCK_PROCESS_CPUTIME_ID, "process"},
              {CLOCK_THREAD_CPUTIME_ID, "thread"},
              {CLOCK_MONOTONIC_RAW, "raw"},
              {CLOCK_REALTIME_COARSE, "realtime coarse"},
              {CLOCK_MONOTONIC_COARSE, "monotonic coarse"},
              {CLOCK_BOOTTIME, "boottime"},
              {CLOCK_TAI, "tai"}};

// A clock that somebody sets goes back, which nobody does here.
static void alternate(clockid_t clock, const char* name) {
  enum { rounds = 3000 };
  int64_t last = 0;
  for (int round = 0; round < rounds; ++round) {
    int64_t next = round % 2 ? by_call(clock) : by_vdso(clock);
    if (next < last) {
      printf("%s: went back in round %d\n", name, round);
      return;
    }
    last = next;
  }
  printf("%s: never behind\n", name);
}

static void what_there_is(void) {
  static const char* const names[] = {"clock_gettime", "gettimeofday", "clock_getres", "getcpu"};
  for (size_t index = 0; index < COUNT(names); ++index) {
    char name[64];
    snprintf(name, sizeof name, "__vdso_%s", names[index]);
    unsigned binding = 0;
    bool found = vdso_symbol(name, VDSO_VERSION, &binding);
    printf("%s: %s\n", name, found && binding == STB_GLOBAL ? "there" : "missing");
    CHECK(!vdso_symbol(name, "LINUX_1.0", NULL));
#if defined(__x86_64__)
    CHECK(vdso_symbol(names[index], VDSO_VERSION, &binding) == vdso_symbol(name, VDSO_VERSION, NULL) && binding == STB_WEAK);
#endif
  }
#if defined(__x86_64__)
  CHECK(vdso_symbol("__vdso_time", VDSO_VERSION, NULL) && vdso_symbol("time", VDSO_VERSION, NULL));
#else
  CHECK(vdso_symbol("__vdso_rt_sigreturn", VDSO_VERSION, NULL) && vdso_symbol("__vdso_flush_icache", VDSO_VERSION, NULL));
#endif
}

static void odd_arguments(void) {
  struct timespec time;
  static const clockid_t odd[] = {10, 12, 31, 32, 33, 64, 99, 1 << 30, -1, -3, INT32_MIN};
  for (size_t index = 0; index < COUNT(odd); ++index) {
    int told = clock_by_vdso(odd[index], &time);
    long call = syscall(SYS_clock_gettime, odd[index], &time) == -1 ? -errno : 0;
    printf("clock %d: %d, %s\n", odd[index], told, told == call ? "as the call" : "not as the call");
    told = resolution_by_vdso(odd[index], &time);
    call = syscall(SYS_clock_getres, odd[index], &time) == -1 ? -errno : 0;
    printf("resolution of clock %d: %d, %s\n", odd[index], told, told == call ? "as the call" : "not as the call");
  }
  printf("resolution into nowhere: %d\n", resolution_by_vdso(CLOCK_MONOTONIC, NULL));
  printf("no time and no zone: %d\n", day_by_vdso(NULL, NULL));
  int zone[2] = {7, 7};
  int told = day_by_vdso(NULL, zone);
  printf("only the zone: %d, %d %d\n", told, zone[0], zone[1]);
}

static void resolutions(void) {
  for (size_t index = 0; index < COUNT(clocks); ++index) {
    struct timespec told = {7, 7}, call = {8, 8};
    CHECK(resolution_by_vdso(clocks[index].id, &told) == 0 && syscall(SYS_clock_getres, clocks[index].id, &call) == 0);
    printf("resolution of %s: %s\n", clocks[index].name, flat(told) == flat(call) ? "as the call" : "not as the call");
  }
}

static void time_of_day(void) {
  for (int round = 0; round < 1000; ++round) {
    struct timeval told;
    int64_t before = by_call(CLOCK_REALTIME);
    CHECK(day_by_vdso(&told, NULL) == 0);
    int64_t after = by_vdso(CLOCK_REALTIME), micro = told.tv_sec * INT64_C(1000000) + told.tv_usec;
    CHECK(micro >= before / 1000 && micro <= after / 1000);
    before = by_vdso(CLOCK_REALTIME_COARSE);
    time_t seconds = time(NULL);
    CHECK(seconds >= before / 1000000000 && seconds <= by_vdso(CLOCK_REALTIME) / 1000000000);
  }
  puts("time of day: between two clock readings");
}

static void cpus(void) {
  cpu_set_t all;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &all)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    unsigned told = 1000, node = 1000, call = 1000, call_node = 1000;
    CHECK(cpu_by_vdso(&told, &node, NULL) == 0 && syscall(SYS_getcpu, &call, &call_node, NULL) == 0);
    CHECK(told == cpu && call == cpu && node == call_node);
    CHECK(cpu_by_vdso(NULL, NULL, NULL) == 0);
  }
  CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
  puts("getcpu: as the call, on every CPU");
}

// The latest time that any thread has seen: whoever reads a clock afterwards sees no earlier one.
static _Atomic int64_t latest;
static void* race(void* argument) {
  enum { rounds = 20000 };
  for (int round = 0; round < rounds; ++round) {
    int64_t seen = latest, now = (round + *(int*)argument) % 4 ? by_vdso(CLOCK_MONOTONIC) : by_call(CLOCK_MONOTONIC);
    CHECK(now >= seen);
    while (seen < now && !__atomic_compare_exchange_n(&latest, &seen, now, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {}
    if (round % 1000 == 0) sched_yield();
  }
  return NULL;
}

static void threads(void) {
  pthread_t threads[4];
  int numbers[4];
  for (int index = 0; index < 4; ++index) {
    numbers[index] = index;
    CHECK(pthread_create(&threads[index], NULL, race, &numbers[index]) == 0);
  }
  for (int index = 0; index < 4; ++index) CHECK(pthread_join(threads[index], NULL) == 0);
  puts("four threads: nobody sees the time go back");
}

static void store_time_nowhere(void) {
  clock_by_vdso(CLOCK_PROCESS_CPUTIME_ID, (void*)8);  // by the kernel: EFAULT
  printf("a bad pointer and the kernel: %d\n", clock_by_vdso(CLOCK_PROCESS_CPUTIME_ID, (void*)8));
  resolution_by_vdso(CLOCK_MONOTONIC, (void*)8);
  puts("not reached");
}

int main(void) {
  what_there_is();
  clock_by_vdso = (Clock)vdso_symbol("__vdso_clock_gettime", VDSO_VERSION, NULL);
  resolution_by_vdso = (Clock)vdso_symbol("__vdso_clock_getres", VDSO_VERSION, NULL);
  day_by_vdso = (TimeOfDay)vdso_symbol("__vdso_gettimeofday", VDSO_VERSION, NULL);
  cpu_by_vdso = (GetCpu)vdso_symbol("__vdso_getcpu", VDSO_VERSION, NULL);
  for (size_t index = 0; index < COUNT(clocks); ++index) alternate(clocks[index].id, clocks[index].name);
  odd_arguments();
  resolutions();
  time_of_day();
  cpus();
  threads();
  show_status("a bad pointer", in_child(store_time_nowhere));
  return 0;
}
