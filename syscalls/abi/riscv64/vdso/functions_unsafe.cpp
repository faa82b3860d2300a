// The vDSO of riscv64 (vdso(7), "RISC-V functions"). A user's own program: see syscalls/abi/vdso/functions_unsafe.h. The return from signal
// handlers is beside this, in rt_sigreturn.S.
#include "syscalls/abi/vdso/functions_unsafe.h"

namespace halcyon::vdso {

namespace {
constexpr int64_t number_clock_gettime = 113, number_clock_getres = 114, number_getcpu = 168, number_gettimeofday = 169;
constexpr int64_t number_riscv_hwprobe = 258, number_riscv_flush_icache = 259;
}  // namespace

[[gnu::always_inline]] inline uint64_t read_counter(const VdsoData& shown) {
  uint64_t ticks;
  if (load(shown.reading.counter) == Counter::time) __asm__ volatile("rdtime %0" : "=r"(ticks) : : "memory");
  else __asm__ volatile("rdcycle %0" : "=r"(ticks) : : "memory");
  return ticks;
}

[[gnu::always_inline]] inline int64_t call(int64_t number, int64_t arg0, int64_t arg1, int64_t arg2, int64_t arg3, int64_t arg4) {
  register int64_t a0 __asm__("a0") = arg0;
  register int64_t a1 __asm__("a1") = arg1;
  register int64_t a2 __asm__("a2") = arg2;
  register int64_t a3 __asm__("a3") = arg3;
  register int64_t a4 __asm__("a4") = arg4;
  register int64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7) : "memory");
  return a0;
}

// struct riscv_hwprobe.
struct Probe {
  int64_t key;
  uint64_t value;
};

extern "C" {

[[gnu::visibility("default")]] int __vdso_clock_gettime(int32_t clock, Timespec* to) {
  return clock_gettime(number_clock_gettime, clock, to);
}

[[gnu::visibility("default")]] int __vdso_gettimeofday(Timeval* to, Timezone* zone) { return gettimeofday(number_gettimeofday, to, zone); }

[[gnu::visibility("default")]] int __vdso_clock_getres(int32_t clock, Timespec* to) { return clock_getres(number_clock_getres, clock, to); }

// User code has no instruction that tells.
[[gnu::visibility("default")]] int64_t __vdso_getcpu(uint32_t* cpu, uint32_t* node, void*) {
  return call(number_getcpu, reinterpret_cast<int64_t>(cpu), reinterpret_cast<int64_t>(node));
}

[[gnu::visibility("default")]] int64_t __vdso_flush_icache(void* start, void* end, uint64_t flags) {
  return call(number_riscv_flush_icache, reinterpret_cast<int64_t>(start), reinterpret_cast<int64_t>(end), static_cast<int64_t>(flags));
}

// What all CPUs agree on is in the page; questions about sets of CPUs go to the kernel.
[[gnu::visibility("default")]] int64_t __vdso_riscv_hwprobe(Probe* probes, uint64_t count, uint64_t cpu_set_size, uint64_t* cpus,
                                                            uint32_t flags) {
  if (flags != 0 || cpu_set_size != 0 || cpus)
    return call(number_riscv_hwprobe, reinterpret_cast<int64_t>(probes), static_cast<int64_t>(count), static_cast<int64_t>(cpu_set_size),
                reinterpret_cast<int64_t>(cpus), flags);
  const VdsoData& shown = data();
  for (uint64_t index = 0; index < count; ++index) {
    auto key = static_cast<uint64_t>(probes[index].key);
    if (key < load(shown.probe_count)) probes[index].value = load(shown.probed[key]);
    else probes[index] = {-1, 0};
  }
  return 0;
}

}  // extern "C"

}  // namespace halcyon::vdso
