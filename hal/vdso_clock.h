// Writing the machine's part of VdsoData while user code reads it.
#pragma once

#include <atomic>

#include "hal/vdso_data.h"

namespace halcyon::hal {

template <class Word>
void store_relaxed(Word& word, Word value) {
  std::atomic_ref(word).store(value, std::memory_order_relaxed);
}

// By one CPU at a time.
inline void publish(VdsoData& data, const CounterReading& reading) {
  std::atomic_ref sequence(data.sequence);
  uint32_t number = sequence.load(std::memory_order_relaxed);
  sequence.store(number + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  store_relaxed(data.reading.counter, reading.counter);
  store_relaxed(data.reading.base_ticks, reading.base_ticks);
  store_relaxed(data.reading.base_time, reading.base_time);
  store_relaxed(data.reading.multiplier, reading.multiplier);
  sequence.store(number + 2, std::memory_order_release);
  std::atomic_ref(data.readable).store(reading.counter == Counter::none ? 0 : ~0u, std::memory_order_release);
}

inline void change_realtime(VdsoData& data, int64_t change) {
  std::atomic_ref(data.offsets[1]).fetch_add(change, std::memory_order_relaxed);
}

}  // namespace halcyon::hal
