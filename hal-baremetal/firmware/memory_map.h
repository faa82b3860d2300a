// MemoryMap: which RAM the core gets. Firmware names RAM in ranges and what is in use in others; the core wants one range with holes
// (Machine::memory), whose first part has none, because its metadata goes there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "hal/machine.h"

namespace halcyon::hal {

class MemoryMap {
 public:
  using Range = Machine::MemoryRange;

  // RAM, in any order, may overlap; only whole pages count. Ranges that exceed the table stay unused.
  void add_ram(uint64_t start, uint64_t size);
  // Not to be touched; partly used pages count as used.
  void reserve(uint64_t start, uint64_t size);

  // Once all is said. No usable memory: size 0.
  Machine::Memory memory();
  // Of all RAM, reserved or not.
  uint64_t lowest() const;
  uint64_t highest() const;
  std::span<const Range> ram() const { return ram_.ranges(); }

 private:
  static constexpr size_t capacity = 64;

  // Ascending, disjoint, not touching.
  class Ranges {
   public:
    void add(uint64_t start, uint64_t end);
    void remove(uint64_t start, uint64_t end);
    void remove_first();
    std::span<const Range> ranges() const { return {ranges_.data(), count_}; }
    Range& operator[](size_t index) { return ranges_[index]; }

   private:
    void insert(size_t index, Range range);  // when the table is full, the range is lost
    void erase(size_t index);
    std::array<Range, capacity> ranges_{};
    size_t count_ = 0;
  };

  Ranges ram_, usable_;
  std::array<Range, capacity> holes_{};
};

}  // namespace halcyon::hal
