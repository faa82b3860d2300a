#include "hal-baremetal/firmware/memory_map.h"

#include <algorithm>

#include "core/base/types.h"

namespace halcyon::hal {
namespace {

// Addresses end below this, so that rounding up cannot overflow.
constexpr uint64_t address_limit = uint64_t{1} << 56;

uint64_t end_of(uint64_t start, uint64_t size) {
  if (start >= address_limit) return start;
  return start + std::min(size, address_limit - start);
}

uint64_t end_of(const MemoryMap::Range& range) { return range.start + range.size; }

}  // namespace

void MemoryMap::Ranges::insert(size_t index, Range range) {
  if (count_ == capacity) return;
  std::move_backward(ranges_.begin() + index, ranges_.begin() + count_, ranges_.begin() + count_ + 1);
  ranges_[index] = range;
  ++count_;
}

void MemoryMap::Ranges::erase(size_t index) {
  std::move(ranges_.begin() + index + 1, ranges_.begin() + count_, ranges_.begin() + index);
  --count_;
}

void MemoryMap::Ranges::remove_first() { erase(0); }

void MemoryMap::Ranges::add(uint64_t start, uint64_t end) {
  size_t index = 0;
  while (index < count_ && end_of(ranges_[index]) < start) ++index;
  while (index < count_ && ranges_[index].start <= end) {
    start = std::min(start, ranges_[index].start);
    end = std::max(end, end_of(ranges_[index]));
    erase(index);
  }
  insert(index, {start, end - start});
}

void MemoryMap::Ranges::remove(uint64_t start, uint64_t end) {
  for (size_t index = 0; index < count_; ++index) {
    Range old = ranges_[index];
    if (old.start >= end || end_of(old) <= start) continue;
    bool keeps_front = old.start<start, keeps_back = end_of(old)> end;
    if (keeps_front) ranges_[index].size = start - old.start;
    else if (keeps_back) ranges_[index] = {end, end_of(old) - end};
    else erase(index--);
    if (keeps_front && keeps_back) insert(index + 1, {end, end_of(old) - end});
  }
}

void MemoryMap::add_ram(uint64_t start, uint64_t size) {
  if (start >= address_limit) return;
  uint64_t end = page_floor(end_of(start, size));
  start = page_ceil(start);
  if (start >= end) return;
  ram_.add(start, end);
  usable_.add(start, end);
}

void MemoryMap::reserve(uint64_t start, uint64_t size) {
  if (size == 0 || start >= address_limit) return;
  usable_.remove(page_floor(start), page_ceil(end_of(start, size)));
}

uint64_t MemoryMap::lowest() const { return ram_.ranges().empty() ? 0 : ram_.ranges().front().start; }

uint64_t MemoryMap::highest() const { return ram_.ranges().empty() ? 0 : end_of(ram_.ranges().back()); }

Machine::Memory MemoryMap::memory() {
  for (;;) {
    std::span<const Range> pieces = usable_.ranges();
    if (pieces.empty()) return {.start = 0, .size = 0};
    uint64_t start = pieces.front().start, size = end_of(pieces.back()) - start;
    // A first piece too short for the metadata of all is given up for the rest's sake.
    if (pieces.front().size < page_ceil(size / Machine::Memory::solid_part) + page_size && pieces.size() > 1) {
      usable_.remove_first();
      continue;
    }
    for (size_t index = 0; index + 1 < pieces.size(); ++index) {
      uint64_t from = end_of(pieces[index]);
      holes_[index] = {from, pieces[index + 1].start - from};
    }
    return {.start = start, .size = size, .holes = {holes_.data(), pieces.size() - 1}, .is_zeroed = false};
  }
}

}  // namespace halcyon::hal
