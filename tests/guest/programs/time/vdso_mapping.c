// [vdso] and [vvar] as mappings: what a program may do to them, and that they still work where it has moved them.
#define _GNU_SOURCE
#include <sys/mman.h>
#include <time.h>

#include "vdso.h"

static struct Mapping code, data;
static volatile sig_atomic_t handled;

static void look(void) { CHECK(find_mapping("[vdso]", &code) && find_mapping("[vvar]", &data)); }
static void* start(const struct Mapping* mapping) { return (void*)mapping->start; }
static size_t length(const struct Mapping* mapping) { return mapping->end - mapping->start; }
static const char* presence(const char* name) {
  struct Mapping mapping;
  return find_mapping(name, &mapping) ? "there" : "gone";
}

static void protections(void) {
  SHOW(mprotect(start(&data), length(&data), PROT_READ | PROT_WRITE));
  SHOW(mprotect(start(&data), length(&data), PROT_READ | PROT_EXEC));
  SHOW(mprotect(start(&data), length(&data), PROT_NONE));
  SHOW(mprotect(start(&data), length(&data), PROT_READ));
  SHOW(mprotect(start(&code), length(&code), PROT_READ | PROT_WRITE | PROT_EXEC));
  *(volatile char*)code.start = *(volatile char*)code.start;
  puts("wrote to a copy of the code");
  SHOW(mprotect(start(&code), length(&code), PROT_READ | PROT_EXEC));
  SHOW(madvise(start(&code), length(&code), MADV_DONTNEED));
}
static void write_code(void) { *(volatile char*)code.start = 0; }
static void write_data(void) { *(volatile char*)data.start = 0; }
static void run_data(void) { ((void (*)(void))data.start)(); }

static void advice(void) {
  SHOW(madvise(start(&data), length(&data), MADV_DONTNEED));
  SHOW(madvise(start(&data), length(&data), MADV_FREE));
  SHOW(madvise(start(&code), length(&code), MADV_FREE));
  SHOW(madvise(start(&data), length(&data), MADV_DONTFORK));
  SHOW(madvise(start(&data), length(&data), MADV_DOFORK));
  SHOW(madvise(start(&code), length(&code), MADV_DONTFORK));
  SHOW(madvise(start(&code), length(&code), MADV_DOFORK));
  SHOW(madvise(start(&data), length(&data), MADV_WIPEONFORK));
  SHOW(madvise(start(&code), length(&code), MADV_WIPEONFORK));
  SHOW(mlock(start(&code), length(&code)));
  SHOW(msync(start(&code), length(&code), MS_SYNC));
}

static void growing(void) {
  SHOW(mremap(start(&code), length(&code), length(&code) + 4096, MREMAP_MAYMOVE));
  SHOW(mremap(start(&data), length(&data), length(&data) + 4096, MREMAP_MAYMOVE));
  SHOW(mremap(start(&code), 0, length(&code), MREMAP_MAYMOVE));
  SHOW(mremap(start(&code), length(&code), length(&code), MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */));
}

static void unmapping(void) {
  SHOW(munmap(start(&data), length(&data)));
  printf("[vvar] %s, [vdso] %s\n", presence("[vvar]"), presence("[vdso]"));
  SHOW(munmap(start(&code), length(&code)));
  printf("[vvar] %s, [vdso] %s\n", presence("[vvar]"), presence("[vdso]"));
}
static void use_unmapped(void) {
  int (*gettime)(clockid_t, struct timespec*) = vdso_symbol("__vdso_clock_gettime", VDSO_VERSION, NULL);
  munmap(start(&code), length(&code));
  struct timespec time;
  gettime(CLOCK_MONOTONIC, &time);
}
static void replacing(void) {
  void* at = mmap(start(&code), length(&code), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  printf("replaced: %d, [vdso] %s\n", at == start(&code), presence("[vdso]"));
}

static void on_signal(int number) { handled = number; }

// All that lies between the two stays where it is in relation to them.
static void moving(void) {
  int (*gettime)(clockid_t, struct timespec*) = vdso_symbol("__vdso_clock_gettime", VDSO_VERSION, NULL);
  size_t whole = code.end - data.start, between = data.end < code.start ? code.start - data.end : 0;
  char* target = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(target != MAP_FAILED);
  CHECK(mremap(start(&data), length(&data), length(&data), MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
  if (between > 0) {
    char* to = target + length(&data);
    CHECK(mremap((void*)data.end, between, between, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
  }
  char* to = target + (code.start - data.start);
  CHECK(mremap(start(&code), length(&code), length(&code), MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
  struct Mapping old = code;
  look();
  printf("moved: %d, %s %s\n", start(&code) == to, data.permissions, code.permissions);
  gettime = (void*)((char*)gettime + (code.start - old.start));
  struct timespec time;
  printf("read there: %d\n", gettime(CLOCK_MONOTONIC, &time));
  // riscv64 returns from signal handlers through it.
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  printf("handled: %d\n", handled == SIGUSR1);
}

static void in_a_fork(void) {
  printf("[vvar] %s, [vdso] %s\n", presence("[vvar]"), presence("[vdso]"));
  struct timespec time;
  SHOW(clock_gettime(CLOCK_MONOTONIC, &time));
}

static void reading(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  SHOW(write(ends[1], start(&code), 100));
  SHOW(read(ends[0], start(&code), 100));
}

int main(void) {
  look();
  printf("[vvar] %s, [vdso] %s, %s\n", data.permissions, code.permissions, data.end <= code.start ? "data below" : "data above");
  printf("as the auxiliary vector says: %d\n", code.start == getauxval(AT_SYSINFO_EHDR));
  show_status("protections", in_child(protections));
  show_status("write to the code", in_child(write_code));
  show_status("write to the data", in_child(write_data));
  show_status("run the data", in_child(run_data));
  show_status("advice", in_child(advice));
  show_status("growing", in_child(growing));
  show_status("unmapping", in_child(unmapping));
  show_status("use what is unmapped", in_child(use_unmapped));
  show_status("replacing", in_child(replacing));
  show_status("moving", in_child(moving));
  show_status("a fork", in_child(in_a_fork));
  show_status("reading", in_child(reading));
  return 0;
}
