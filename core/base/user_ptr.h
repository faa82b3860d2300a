// UserPtr<T>: an address in a user program, with a direction. UserPtr<const T> can only be read, UserPtr<T> is written (and may be read).
// It cannot be dereferenced: core/mm/user_memory.h copies through it.
#pragma once

#include <type_traits>

#include "core/base/types.h"

namespace halcyon {

template <class T>
class UserPtr {
 public:
  constexpr UserPtr() = default;
  constexpr explicit UserPtr(UserAddr address) : address_(address) {}
  template <class U>
    requires(std::is_const_v<T> && std::is_same_v<std::remove_const_t<T>, U>)
  constexpr UserPtr(UserPtr<U> other) : address_(other.address()) {}

  constexpr UserAddr address() const { return address_; }
  constexpr bool is_null() const { return address_ == 0; }
  constexpr explicit operator bool() const { return address_ != 0; }
  // The element `index` places on; wraps as the address does.
  constexpr UserPtr at(uint64_t index) const { return UserPtr(address_ + index * element_size()); }
  // The same address as a pointer to something else of the same direction or less.
  template <class U>
  constexpr UserPtr<U> as() const {
    return UserPtr<U>(address_);
  }

 private:
  static constexpr size_t element_size() {
    if constexpr (std::is_void_v<T>) return 1;
    else return sizeof(T);
  }
  UserAddr address_ = 0;
};

}  // namespace halcyon
