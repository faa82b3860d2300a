// Ref<T>: shared ownership of an object that counts its references itself. The last one destroys the object.
#pragma once

#include <atomic>
#include <new>
#include <type_traits>
#include <utility>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/base/result.h"

namespace halcyon {

// Base of everything that Ref holds. Starts with one reference, which make_ref hands out.
class RefCounted {
 public:
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  // True if this was the last reference: the caller destroys the object.
  [[nodiscard]] bool drop() const { return references_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  // Takes a reference unless the last is already gone: for tables that hold objects without owning them.
  [[nodiscard]] bool retain_if_alive() const {
    uint32_t count = references_.load(std::memory_order_relaxed);
    while (count != 0)
      if (references_.compare_exchange_weak(count, count + 1, std::memory_order_acquire)) return true;
    return false;
  }
  uint32_t reference_count() const { return references_.load(std::memory_order_relaxed); }

 protected:
  RefCounted() = default;
  ~RefCounted() = default;

 private:
  mutable std::atomic<uint32_t> references_ = 1;
};

template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  // Shares an object that somebody else keeps alive during the call.
  explicit Ref(T& object) : object_(&object) { object_->retain(); }
  Ref(const Ref& other) : object_(other.object_) {
    if (object_) object_->retain();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(const Ref<U>& other) : object_(other.get()) {
    if (object_) object_->retain();
  }
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(Ref<U>&& other) noexcept : object_(other.release()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ && object_->drop()) destroy(object_);
  }

  // Takes over a reference that the caller already holds.
  static Ref adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const Ref& other) const = default;
  [[nodiscard]] T* release() { return std::exchange(object_, nullptr); }

 private:
  static void destroy(T* object) {
    auto* plain = const_cast<std::remove_const_t<T>*>(object);
    plain->~T();
    deallocate(plain);
  }

  T* object_ = nullptr;
};

template <class T, class... Args>
Result<Ref<T>> make_ref(Args&&... args) {
  void* place = allocate(sizeof(T), alignof(T));
  if (!place) return err::nomem;
  return Ref<T>::adopt(new (place) T(std::forward<Args>(args)...));
}

}  // namespace halcyon
