// Reaching user memory: by a walk of the page tables and the direct map, page by page, with the fault handler on a miss; never by
// dereferencing a user address. Everything here blocks and must be called without spin locks.
#pragma once

#include <atomic>
#include <span>
#include <type_traits>

#include "core/base/user_ptr.h"
#include "core/base/vec.h"
#include "core/file/io.h"
#include "core/mm/address_space.h"

namespace halcyon {

// Copies as much as it can and returns the number of bytes; less than asked means that the next byte is out of reach.
size_t copy_from_user(AddressSpace& memory, std::span<std::byte> to, UserAddr from);
size_t copy_to_user(AddressSpace& memory, UserAddr to, std::span<const std::byte> from);

// The same where nothing less than all will do. EFAULT; a part may have been copied.
inline Result<> get_user_bytes(AddressSpace& memory, std::span<std::byte> to, UserAddr from) {
  return copy_from_user(memory, to, from) == to.size() ? Result<>() : err::fault;
}
inline Result<> put_user_bytes(AddressSpace& memory, UserAddr to, std::span<const std::byte> from) {
  return copy_to_user(memory, to, from) == from.size() ? Result<>() : err::fault;
}

// The same between user memory and a sink or source, which may be the memory of another process. EFAULT if either ends early; what was
// moved until then is known by to.done().
Result<> copy_user_to(Sink& to, AddressSpace& memory, UserAddr from, size_t length);
Result<> copy_user_from(Source& from, AddressSpace& memory, UserAddr to, size_t length);

// One object. EFAULT; part of it may have been stored.
template <class T>
Result<std::remove_const_t<T>> get_user(AddressSpace& memory, UserPtr<T> from) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::remove_const_t<T> value;
  TRY(get_user_bytes(memory, std::as_writable_bytes(std::span(&value, 1)), from.address()));
  return value;
}
template <class T>
  requires(!std::is_const_v<T>)
Result<> put_user(AddressSpace& memory, UserPtr<T> to, const std::type_identity_t<T>& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return put_user_bytes(memory, to.address(), std::as_bytes(std::span(&value, 1)));
}

// A string up to and including its NUL, appended to `to` without it. EFAULT, ENAMETOOLONG (no NUL in `limit` bytes), ENOMEM.
Result<> get_user_string(AddressSpace& memory, UserAddr from, size_t limit, Vec<char>& to);
// The same into a buffer; returns the length. Used for paths: `buffer` holds path_max bytes.
Result<size_t> get_user_string(AddressSpace& memory, UserAddr from, std::span<char> buffer);
// Stores `count` zero bytes; returns how many.
size_t clear_user(AddressSpace& memory, UserAddr to, size_t count);

// A stretch of user memory that the kernel reads or writes where it lies, without a copy: only if all of it is in reach, in one page, and
// aligned as asked for.
// User code may write to it meanwhile, so that what is read is read once, or is harmless whatever it is.
class UserSpan {
 public:
  UserSpan(AddressSpace& memory, UserAddr address, size_t size, size_t alignment, hal::Access access);
  ~UserSpan();
  UserSpan(const UserSpan&) = delete;
  UserSpan& operator=(const UserSpan&) = delete;

  explicit operator bool() const { return data_ != nullptr; }
  // As an object of that type, for whose size and alignment the caller has seen to.
  template <class T>
  T& as() const {
    return *static_cast<T*>(static_cast<void*>(data_));
  }

 private:
  std::byte* data_ = nullptr;
  PhysAddr frame_ = 0;
  bool is_written_;
};

// A 32-bit word of user memory, held where it is: can be reached under a spin lock, and atomically with respect to user code on any CPU.
class UserWord {
 public:
  // EFAULT, EINVAL (unaligned).
  static Result<UserWord> pin(AddressSpace& memory, UserAddr address, hal::Access access);
  std::atomic<uint32_t>* operator->() const { return word_; }

 private:
  UserWord(FrameRef frame, std::atomic<uint32_t>* word) : frame_(std::move(frame)), word_(word) {}
  FrameRef frame_;
  std::atomic<uint32_t>* word_;
};

// The 32-bit word of a futex, atomically with respect to user code on any CPU.
Result<uint32_t> load_user_word(AddressSpace& memory, UserAddr address);
Result<bool> compare_exchange_user_word(AddressSpace& memory, UserAddr address, uint32_t* expected, uint32_t desired);

struct IoVector {  // one element of readv(2), already fetched and checked
  UserAddr base;
  uint64_t length;
};

// The user's buffers of a transfer: one stretch, or the elements of an iovec that outlives it; and how far it has come.
class UserBuffers {
 public:
  UserBuffers(AddressSpace& memory, UserAddr buffer, size_t length) : memory_(memory), current_{buffer, length} {}
  UserBuffers(AddressSpace& memory, std::span<const IoVector> vectors) : memory_(memory), current_{0, 0}, vectors_(vectors) {}

  // Moves up to `wanted` bytes by copy(memory, address, from, count), which says how many of the bytes from number `from` on it could move.
  // As Linux does: what was moved before the first byte that is out of reach counts; EFAULT if that is nothing. `before`: how many bytes
  // earlier calls have moved.
  template <class Copy>
  Result<size_t> move(size_t wanted, size_t before, Copy copy);

 private:
  AddressSpace& memory_;
  IoVector current_;
  std::span<const IoVector> vectors_;
};

// Where a read of a file stores.
class UserSink final : public Sink {
 public:
  UserSink(AddressSpace& memory, UserPtr<std::byte> buffer, size_t length) : Sink(length), buffers_(memory, buffer.address(), length) {}
  UserSink(AddressSpace& memory, std::span<const IoVector> vectors, size_t total) : Sink(total), buffers_(memory, vectors) {}
  Result<size_t> write(std::span<const std::byte> bytes) override;

 private:
  UserBuffers buffers_;
};

// Where a write to a file takes its bytes from.
class UserSource final : public Source {
 public:
  UserSource(AddressSpace& memory, UserPtr<const std::byte> buffer, size_t length)
      : Source(length), buffers_(memory, buffer.address(), length) {}
  UserSource(AddressSpace& memory, std::span<const IoVector> vectors, size_t total) : Source(total), buffers_(memory, vectors) {}
  Result<size_t> read(std::span<std::byte> buffer) override;

 private:
  UserBuffers buffers_;
};

}  // namespace halcyon
