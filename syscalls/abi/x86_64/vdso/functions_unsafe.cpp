// The vDSO of x86_64 (vdso(7), "x86-64 functions"). A user's own program: see syscalls/abi/vdso/functions_unsafe.h.
#include "syscalls/abi/vdso/functions_unsafe.h"

namespace halcyon::vdso {

namespace {
constexpr int64_t number_gettimeofday = 96, number_time = 201, number_clock_gettime = 228, number_clock_getres = 229, number_getcpu = 309;
}

// The fence keeps the counter from being read before what the program did last.
[[gnu::always_inline]] inline uint64_t read_counter(const VdsoData&) {
  uint32_t low, high;
  __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
  return uint64_t{high} << 32 | low;
}

[[gnu::always_inline]] inline int64_t call(int64_t number, int64_t arg0, int64_t arg1, int64_t arg2, int64_t, int64_t) {
  __asm__ volatile("syscall" : "+a"(number) : "D"(arg0), "S"(arg1), "d"(arg2) : "rcx", "r11", "memory");
  return number;
}

extern "C" {

[[gnu::visibility("default")]] int __vdso_clock_gettime(int32_t clock, Timespec* to) {
  return clock_gettime(number_clock_gettime, clock, to);
}

[[gnu::visibility("default")]] int __vdso_gettimeofday(Timeval* to, Timezone* zone) { return gettimeofday(number_gettimeofday, to, zone); }

[[gnu::visibility("default")]] int __vdso_clock_getres(int32_t clock, Timespec* to) { return clock_getres(number_clock_getres, clock, to); }

[[gnu::visibility("default")]] int64_t __vdso_time(int64_t* to) {
  if (!readable_clocks()) return call(number_time, reinterpret_cast<int64_t>(to), 0);
  auto seconds = static_cast<int64_t>(read_time(true) / second);
  if (to) *to = seconds;
  return seconds;
}

[[gnu::visibility("default")]] int64_t __vdso_getcpu(uint32_t* cpu, uint32_t* node, void*) {
  uint64_t selector = load(data().cpu_selector);
  if (selector == 0) return call(number_getcpu, reinterpret_cast<int64_t>(cpu), reinterpret_cast<int64_t>(node));
  uint64_t limit;
  __asm__ volatile("lsl %1, %0" : "=r"(limit) : "r"(selector));
  if (cpu) *cpu = static_cast<uint32_t>(limit);
  if (node) *node = 0;
  return 0;
}

[[gnu::weak, gnu::visibility("default"), gnu::alias("__vdso_clock_gettime")]] int clock_gettime(int32_t, Timespec*);
[[gnu::weak, gnu::visibility("default"), gnu::alias("__vdso_gettimeofday")]] int gettimeofday(Timeval*, Timezone*);
[[gnu::weak, gnu::visibility("default"), gnu::alias("__vdso_clock_getres")]] int clock_getres(int32_t, Timespec*);
[[gnu::weak, gnu::visibility("default"), gnu::alias("__vdso_time")]] int64_t time(int64_t*);
[[gnu::weak, gnu::visibility("default"), gnu::alias("__vdso_getcpu")]] int64_t getcpu(uint32_t*, uint32_t*, void*);

}  // extern "C"

}  // namespace halcyon::vdso
