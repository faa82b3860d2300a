// Sink and Source: where the bytes of a read go and those of a write come from. User memory (core/mm/user_memory.h), or kernel memory.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "core/base/result.h"
#include "core/base/types.h"

namespace halcyon {

// What a transfer that ended early returns: what it moved until then, and only if that is nothing the error (read(2), write(2)).
inline Result<size_t> moved_or(size_t done, Errno error) { return done > 0 ? Result<size_t>(done) : std::unexpected(error); }

// Takes bytes one piece after the other. Blocks if user memory has to be paged in; hold no spin lock.
class Sink {
 public:
  // Stores `bytes`, or as many as fit and can be stored, and returns their number. EFAULT if the very first cannot be stored.
  virtual Result<size_t> write(std::span<const std::byte> bytes) = 0;
  // Room that is left: how many bytes the reader still asked for.
  size_t remaining() const { return remaining_; }
  // Bytes stored so far.
  size_t done() const { return done_; }
  // Stores `count` zero bytes, as write does.
  Result<size_t> write_zeros(size_t count);

 protected:
  explicit Sink(size_t size) : remaining_(size) {}
  ~Sink() = default;
  void advance(size_t count) {
    remaining_ -= count;
    done_ += count;
  }

 private:
  size_t remaining_;
  size_t done_ = 0;
};

// Gives bytes one piece after the other.
class Source {
 public:
  // Fills `buffer`, or the front of it with what is left and can be loaded, and returns the number. EFAULT if the very first cannot.
  virtual Result<size_t> read(std::span<std::byte> buffer) = 0;
  size_t remaining() const { return remaining_; }
  size_t done() const { return done_; }
  // Forgets everything past the next `count` bytes: a write that may take only part.
  void truncate(size_t count) { remaining_ = std::min(remaining_, count); }

 protected:
  explicit Source(size_t size) : remaining_(size) {}
  ~Source() = default;
  void advance(size_t count) {
    remaining_ -= count;
    done_ += count;
  }

 private:
  size_t remaining_;
  size_t done_ = 0;
};

class KernelSink final : public Sink {
 public:
  explicit KernelSink(std::span<std::byte> buffer) : Sink(buffer.size()), next_(buffer.data()) {}
  Result<size_t> write(std::span<const std::byte> bytes) override {
    size_t count = std::min(bytes.size(), remaining());
    if (count == 0) return 0;
    std::memcpy(next_, bytes.data(), count);
    next_ += count;
    advance(count);
    return count;
  }

 private:
  std::byte* next_;
};

class KernelSource final : public Source {
 public:
  explicit KernelSource(std::span<const std::byte> bytes) : Source(bytes.size()), next_(bytes.data()) {}
  Result<size_t> read(std::span<std::byte> buffer) override {
    size_t count = std::min(buffer.size(), remaining());
    if (count == 0) return 0;
    std::memcpy(buffer.data(), next_, count);
    next_ += count;
    advance(count);
    return count;
  }

 private:
  const std::byte* next_;
};

}  // namespace halcyon
