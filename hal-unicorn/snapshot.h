// A look into Unicorn's opaque register files, for calibration: some state that decides how an exception is read is in them, but not in
// Unicorn's interface, and where differs between versions. So its place is found by experiment each time, and a Unicorn that does not
// behave is refused.
#pragma once

#include <unicorn/unicorn.h>

#include <cstring>
#include <vector>

#include "hal-unicorn/engine.h"

namespace halcyon::hal {

template <class Word>
Word word_at(const uc_context* copy, size_t offset) {
  Word word;
  std::memcpy(&word, reinterpret_cast<const std::byte*>(copy) + offset, sizeof word);
  return word;
}

template <class Word>
void set_word_at(uc_context* copy, size_t offset, Word word) {
  std::memcpy(reinterpret_cast<std::byte*>(copy) + offset, &word, sizeof word);
}

// A copy of the engine's state, for a while.
class Snapshot {
 public:
  explicit Snapshot(Engine& engine) : engine_(engine), copy_(engine.new_copy()) { engine.save_to(copy_); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() { uc_context_free(copy_); }

  void restore() { engine_.restore_from(copy_); }
  uc_context* copy() const { return copy_; }
  template <class Word>
  Word word(size_t offset) const {
    return word_at<Word>(copy_, offset);
  }

 private:
  Engine& engine_;
  uc_context* copy_;
};

// The only offset below `end` for which the predicate holds, or -1.
template <class Word, class Predicate>
long find_offset(size_t begin, size_t end, Predicate predicate) {
  long found = -1;
  for (size_t offset = begin; offset + sizeof(Word) <= end; offset += sizeof(Word)) {
    if (!predicate(offset)) continue;
    if (found >= 0) return -1;
    found = static_cast<long>(offset);
  }
  return found;
}

}  // namespace halcyon::hal
