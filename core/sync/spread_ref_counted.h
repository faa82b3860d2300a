// SpreadRefCounted: the base, instead of RefCounted, of an object to which all CPUs take references all the time, such as a mount. One
// count would be a cache line that every CPU waits for; here each counts in a cell of its own.
//
// Nobody can see a sum of cells become zero. So while the count is spread no reference is the last: somebody, such as a table, owns one,
// and calls gather() before giving it up. From then on there is one common count as in RefCounted. Every object starts like that.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "hal/machine.h"
#include "hal/port.h"

namespace halcyon {

class SpreadRefCounted {
 public:
  SpreadRefCounted(const SpreadRefCounted&) = delete;
  SpreadRefCounted& operator=(const SpreadRefCounted&) = delete;

  // As RefCounted's, for Ref.
  void retain() const {
    if (!add_to_cell(1)) common_.fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] bool drop() const { return !add_to_cell(-1) && common_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  // By the owner of a reference, one call at a time.
  void spread() {
    for (Cell& cell : cells_) cell.count.store(0, std::memory_order_release);
  }
  // Returns how many references there are.
  int64_t gather() {
    constexpr int64_t enough = int64_t{1} << 32;  // keeps the common count positive while other CPUs drop what they counted in cells
    common_.fetch_add(enough, std::memory_order_relaxed);
    int64_t total = 0;
    for (Cell& cell : cells_)
      if (int64_t count = cell.count.exchange(gathered, std::memory_order_acq_rel); count != gathered) total += count;
    return common_.fetch_add(total - enough, std::memory_order_acq_rel) + total - enough;
  }

 protected:
  SpreadRefCounted() = default;
  ~SpreadRefCounted() = default;

 private:
  static constexpr size_t cache_line = 64;
  static constexpr int64_t gathered = INT64_MIN;
  struct Cell {
    std::atomic<int64_t> count = gathered;  // may be negative: another CPU dropped what this one took
    std::array<std::byte, cache_line - sizeof(int64_t)> apart;
  };

  bool add_to_cell(int64_t change) const {
    std::atomic<int64_t>& count = cells_[hal::this_cpu().id() % cells_.size()].count;
    int64_t value = count.load(std::memory_order_relaxed);
    while (value != gathered)
      if (count.compare_exchange_weak(value, value + change, std::memory_order_acq_rel, std::memory_order_relaxed)) return true;
    return false;
  }

  mutable std::array<Cell, 8> cells_{};
  mutable std::atomic<int64_t> common_ = 1;
};

}  // namespace halcyon
