// Own<T>: the one owner of an object on the kernel's heap. make<T>(...) builds one or fails with ENOMEM.
#pragma once

#include <new>
#include <type_traits>
#include <utility>

#include "core/base/memory.h"
#include "core/base/result.h"

namespace halcyon {

template <class T>
class Own {
 public:
  Own() = default;
  Own(std::nullptr_t) {}
  explicit Own(T* object) : object_(object) {}
  Own(Own&& other) noexcept : object_(other.release()) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Own(Own<U>&& other) noexcept : object_(other.release()) {}
  Own& operator=(Own&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Own() { reset(); }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }

  [[nodiscard]] T* release() { return std::exchange(object_, nullptr); }
  void reset(T* object = nullptr) {
    if (T* old = std::exchange(object_, object)) {
      old->~T();
      deallocate(const_cast<std::remove_const_t<T>*>(old));
    }
  }

 private:
  T* object_ = nullptr;
};

template <class T, class... Args>
Result<Own<T>> make(Args&&... args) {
  void* place = allocate(sizeof(T), alignof(T));
  if (!place) return err::nomem;
  return Own<T>(new (place) T(std::forward<Args>(args)...));
}

}  // namespace halcyon
