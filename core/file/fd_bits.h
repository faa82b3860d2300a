// FdBits: which descriptors of a table are taken, in two levels of bits, so that the lowest free one and the next taken one are found by
// looking at words and not at descriptors: 4,096 of them a step. What most programs need has no memory of its own.
#pragma once

#include <bit>

#include "core/base/vec.h"

namespace halcyon {

class FdBits {
 public:
  static constexpr size_t none = ~size_t{0};

  // Room for descriptors below `count`. ENOMEM, and nothing has changed.
  Result<> resize(size_t count) {
    size_t words = (count + 63) / 64;
    if (words <= words_) return {};
    words = std::max(words, words_ * 2);
    if (words > 64) {
      TRY(many_full_.resize((words + 63) / 64));
    }
    TRY(many_taken_.resize(words));
    if (words > 64 && words_ <= 64) many_full_[0] = few_full_;
    if (words_ == 1) many_taken_[0] = few_taken_;
    words_ = words;
    return {};
  }
  void take(size_t fd) {
    uint64_t& word = taken()[fd / 64];
    word |= bit(fd);
    if (word == ~uint64_t{0}) full()[fd / 4096] |= bit(fd / 64);
  }
  void free(size_t fd) {
    taken()[fd / 64] &= ~bit(fd);
    full()[fd / 4096] &= ~bit(fd / 64);
  }
  // The lowest free one from `fd` on, which may be beyond what there is room for.
  size_t next_free(size_t fd) const {
    size_t word = fd / 64;
    if (word >= words_) return fd;
    if (uint64_t free = ~taken()[word] & from(fd)) return word * 64 + first(free);
    for (++word; word < words_; word = (word / 64 + 1) * 64) {
      uint64_t not_full = ~full()[word / 64] & from(word);
      if (not_full == 0) continue;
      word = word / 64 * 64 + first(not_full);
      return word < words_ ? word * 64 + first(~taken()[word]) : word * 64;
    }
    return words_ * 64;
  }
  // The lowest taken one from `fd` on, or none.
  size_t next_taken(size_t fd) const {
    for (size_t word = fd / 64; word < words_; ++word, fd = word * 64)
      if (uint64_t taken_here = taken()[word] & from(fd)) return word * 64 + first(taken_here);
    return none;
  }

 private:
  static uint64_t bit(size_t index) { return uint64_t{1} << (index % 64); }
  static uint64_t from(size_t index) { return ~uint64_t{0} << (index % 64); }
  static size_t first(uint64_t word) { return static_cast<size_t>(std::countr_zero(word)); }
  uint64_t* taken() { return words_ == 1 ? &few_taken_ : many_taken_.data(); }
  const uint64_t* taken() const { return words_ == 1 ? &few_taken_ : many_taken_.data(); }
  uint64_t* full() { return words_ <= 64 ? &few_full_ : many_full_.data(); }
  const uint64_t* full() const { return words_ <= 64 ? &few_full_ : many_full_.data(); }

  size_t words_ = 1;
  uint64_t few_taken_ = 0;    // a bit per descriptor, as long as one word is enough
  uint64_t few_full_ = 0;     // a bit per word of those, up to 64 words
  Vec<uint64_t> many_taken_;  // then these are
  Vec<uint64_t> many_full_;
};

}  // namespace halcyon
