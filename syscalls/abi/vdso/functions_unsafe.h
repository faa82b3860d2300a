// The functions of the vDSO (vdso(7)), as every ISA has them: telling the time by the words of [vvar], the page below this image. What the
// words do not tell, the kernel does: a system call. Included by each ISA's own file, which supplies `read_counter` and `call`.
//
// This runs in user mode, in the program's thread, on its stack: no library, no writable data, no kernel header but the page's layout.
#pragma once

#include "hal/vdso_data.h"

namespace halcyon::vdso {

using hal::Counter;
using hal::VdsoData;

struct Timespec {
  int64_t seconds, nanoseconds;
};
struct Timeval {
  int64_t seconds, microseconds;
};
struct Timezone {
  int32_t minutes_west, daylight_saving;
};

// --- supplied by the ISA
uint64_t read_counter(const VdsoData& shown);
int64_t call(int64_t number, int64_t arg0, int64_t arg1, int64_t arg2 = 0, int64_t arg3 = 0, int64_t arg4 = 0);

// The linker's name for where the image begins.
extern "C" [[gnu::visibility("hidden")]] const char __ehdr_start[];

inline const VdsoData& data() {
  constexpr int64_t page_size = 4096;
  return *reinterpret_cast<const VdsoData*>(__ehdr_start - page_size);
}

template <class Word>
Word load(const Word& word) {
  return *static_cast<const volatile Word*>(&word);
}

constexpr uint32_t bits(auto... clocks) { return ((1u << clocks) | ...); }
constexpr uint32_t realtime = 0, monotonic = 1, monotonic_raw = 4, realtime_coarse = 5, monotonic_coarse = 6, boottime = 7, tai = 11;
constexpr uint32_t real_clocks = bits(realtime, realtime_coarse, tai);
constexpr uint32_t monotonic_clocks = bits(monotonic, monotonic_raw, monotonic_coarse, boottime);
constexpr uint32_t coarse_clocks = bits(realtime_coarse, monotonic_coarse);
constexpr uint64_t second = 1'000'000'000, coarse_resolution = 4'000'000;

inline uint32_t bit_of(int32_t clock) { return uint32_t{static_cast<uint32_t>(clock) < 32} << (clock & 31); }

// Which clocks user code can read here and now: all that the page tells of, or none.
inline uint32_t readable_clocks() { return (real_clocks | monotonic_clocks) & load(data().readable); }

// The time of a clock that can be read. Branches are dear where an emulator begins anew after each: there is one.
[[gnu::always_inline]] inline uint64_t read_time(bool is_real) {
  const VdsoData& shown = data();
  for (;;) {
    uint32_t sequence = __atomic_load_n(&shown.sequence, __ATOMIC_ACQUIRE) & ~1u;  // an odd one is never found again
    auto passed = static_cast<int64_t>(read_counter(shown) - load(shown.reading.base_ticks));
    uint64_t multiplier = load(shown.reading.multiplier);
    auto base = static_cast<uint64_t>(load(shown.reading.base_time));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    uint64_t changed = load(shown.sequence) ^ sequence;
    if ((changed | static_cast<uint64_t>(passed >> 63)) != 0) [[unlikely]] {
      if (changed != 0) continue;
      passed = 0;  // this CPU's counter is behind that of the one which wrote
    }
    auto product = static_cast<unsigned __int128>(static_cast<uint64_t>(passed)) * multiplier;
    return base + static_cast<uint64_t>(product >> 32) + static_cast<uint64_t>(load(shown.offsets[is_real]));
  }
}

[[gnu::always_inline]] inline int clock_gettime(int64_t number, int32_t clock, Timespec* to) {
  uint32_t bit = bit_of(clock);
  if (!(bit & readable_clocks())) [[unlikely]]
    return static_cast<int>(call(number, clock, reinterpret_cast<int64_t>(to)));
  uint64_t time = read_time((bit & real_clocks) != 0), seconds = time / second;
  to->seconds = static_cast<int64_t>(seconds);
  to->nanoseconds = static_cast<int64_t>(time - seconds * second);
  return 0;
}

[[gnu::always_inline]] inline int gettimeofday(int64_t number, Timeval* to, Timezone* zone) {
  if (!readable_clocks()) [[unlikely]]
    return static_cast<int>(call(number, reinterpret_cast<int64_t>(to), reinterpret_cast<int64_t>(zone)));
  if (to) [[likely]] {
    uint64_t time = read_time(true), seconds = time / second;
    to->seconds = static_cast<int64_t>(seconds);
    to->microseconds = static_cast<int64_t>((time - seconds * second) / 1000);
  }
  if (zone) *zone = {};
  return 0;
}

[[gnu::always_inline]] inline int clock_getres(int64_t number, int32_t clock, Timespec* to) {
  uint32_t bit = bit_of(clock);
  if (!(bit & (real_clocks | monotonic_clocks))) return static_cast<int>(call(number, clock, reinterpret_cast<int64_t>(to)));
  if (to) *to = {0, bit & coarse_clocks ? static_cast<int64_t>(coarse_resolution) : 1};
  return 0;
}

}  // namespace halcyon::vdso
