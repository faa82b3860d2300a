// Vec<T>: a growable array whose growth can fail. For trivially movable kernel data: paths, tables, buffers.
#pragma once

#include <algorithm>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/base/result.h"

namespace halcyon {

template <class T>
class Vec {
 public:
  Vec() = default;
  Vec(Vec&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}
  Vec& operator=(Vec&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Vec() {
    clear();
    deallocate(data_);
  }

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool is_empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](size_t index) {
    ASSERT(index < size_);
    return data_[index];
  }
  const T& operator[](size_t index) const {
    ASSERT(index < size_);
    return data_[index];
  }
  T& back() { return (*this)[size_ - 1]; }
  std::span<T> span() { return {data_, size_}; }
  std::span<const T> span() const { return {data_, size_}; }

  // After success the next pushes up to `capacity` elements in all cannot fail.
  Result<> reserve(size_t capacity) {
    if (capacity <= capacity_) return {};
    size_t bytes;
    if (__builtin_mul_overflow(capacity, sizeof(T), &bytes)) return err::nomem;
    auto* data = static_cast<T*>(allocate(bytes, alignof(T)));
    if (!data) return err::nomem;
    std::uninitialized_move_n(data_, size_, data);
    std::destroy_n(data_, size_);
    deallocate(std::exchange(data_, data));
    capacity_ = capacity;
    return {};
  }
  Result<> push(T value) {
    if (size_ == capacity_) {
      TRY(reserve(std::max<size_t>(capacity_ * 2, sizeof(T) == 1 ? 32 : 4)));
    }
    new (data_ + size_++) T(std::move(value));
    return {};
  }
  Result<> append(std::span<const T> values) {
    if (size_ + values.size() > capacity_) {
      TRY(reserve(std::max(size_ + values.size(), capacity_ * 2)));
    }
    std::uninitialized_copy_n(values.data(), values.size(), data_ + size_);
    size_ += values.size();
    return {};
  }
  // New elements are value-initialised.
  Result<> resize(size_t size) {
    TRY(reserve(size));
    if (size > size_) std::uninitialized_value_construct_n(data_ + size_, size - size_);
    else std::destroy_n(data_ + size, size_ - size);
    size_ = size;
    return {};
  }
  void pop() {
    ASSERT(size_ > 0);
    data_[--size_].~T();
  }
  void erase(size_t index) {
    std::move(data_ + index + 1, data_ + size_, data_ + index);
    pop();
  }
  void clear() {
    std::destroy_n(data_, size_);
    size_ = 0;
  }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace halcyon
