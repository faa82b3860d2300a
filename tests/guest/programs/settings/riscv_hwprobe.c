// riscv_hwprobe(2), by the call and by the vDSO. No host has it: what is expected is in the file beside this (Documentation/arch/riscv/
// hwprobe.rst of Linux says what it should be).
// isa: riscv64
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>

#include "../time/vdso.h"

#if defined(__riscv)
struct Probe {
  int64_t key;
  uint64_t value;
};
typedef long (*Function)(struct Probe*, size_t, size_t, unsigned long*, unsigned);

static long by_call(struct Probe* probes, size_t count, size_t size, unsigned long* cpus, unsigned flags) {
  return syscall(258, probes, count, size, cpus, flags) == -1 ? -errno : 0;
}

static void show(const char* how, Function probe) {
  enum { keys = 10, odd = 3 };
  struct Probe probes[keys + odd] = {[keys] = {-1, 5}, {1000, 5}, {INT64_MIN, 5}};
  for (int key = 0; key < keys; ++key) probes[key] = (struct Probe){key, 77};
  printf("%s: %ld\n", how, probe(probes, keys + odd, 0, NULL, 0));
  for (int index = 3; index < keys + odd; ++index)
    printf("  %ld: %s\n", (long)probes[index].key,
           index == 3 ? (probes[index].value & 1 ? "IMA" : "not IMA")
           : index == 4 ? ((probes[index].value & 3) == 3 ? "F, D and C" : "less than F, D and C")
           : index == 7 ? (probes[index].value >= (1ul << 38) - 4096 ? "Sv39 or more" : "little")
           : index >= keys ? (probes[index].value == 0 ? "none" : "some")
           : probes[index].value != 77 ? "set" : "not set");
  unsigned long cpus = 1, none = 0, far = 1ul << 63;
  printf("  one CPU: %ld\n", probe(probes, 1, sizeof cpus, &cpus, 0));
  printf("  no CPU: %ld\n", probe(probes, 1, sizeof none, &none, 0));
  printf("  a CPU that there is not: %ld\n", probe(probes, 1, sizeof far, &far, 0));
  printf("  no set: %ld\n", probe(probes, 1, 8, NULL, 0));
  printf("  unknown flags: %ld %ld\n", probe(probes, 1, 0, NULL, 2), probe(probes, 1, 8, &cpus, 3));
  printf("  nothing asked: %ld\n", probe(NULL, 0, 0, NULL, 0));

  struct Probe wanted[] = {{3, 1}, {4, 3}};
  cpus = 0;
  long which = probe(wanted, 2, sizeof cpus, &cpus, 1);
  printf("  which CPUs have F, D and C: %ld, %s\n", which, cpus & 1 ? "the first, too" : "none");
  wanted[1].value |= 1ul << 60;
  cpus = 1;
  which = probe(wanted, 2, sizeof cpus, &cpus, 1);
  printf("  which can do more: %ld, %lu\n", which, cpus);
  wanted[1] = (struct Probe){12345, 1};
  cpus = 1;
  which = probe(wanted, 2, sizeof cpus, &cpus, 1);
  printf("  which know an unknown key: %ld, %lu, key %ld\n", which, cpus, (long)wanted[1].key);
  printf("  which, without a set: %ld\n", probe(wanted, 2, 0, NULL, 1));
}

int main(void) {
  show("by the call", by_call);
  printf("bad pointers: %ld %ld\n", by_call((void*)8, 1, 0, NULL, 0), by_call(NULL, 0, 8, (void*)8, 0));
  show("by the vDSO", (Function)vdso_symbol("__vdso_riscv_hwprobe", VDSO_VERSION, NULL));
  struct Probe one[10], other[10];
  for (int key = 0; key < 10; ++key) one[key] = other[key] = (struct Probe){key, 0};
  by_call(one, 10, 0, NULL, 0);
  ((Function)vdso_symbol("__vdso_riscv_hwprobe", VDSO_VERSION, NULL))(other, 10, 0, NULL, 0);
  printf("the same answers: %d\n", memcmp(one, other, sizeof one) == 0);
  long (*flush)(void*, void*, unsigned long) = (void*)vdso_symbol("__vdso_flush_icache", VDSO_VERSION, NULL);
  printf("flush_icache: %ld %ld\n", flush(one, one + 1, 0), flush(one, one + 1, 2));
  return 0;
}
#else
int main(void) { return 0; }
#endif
