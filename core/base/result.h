// Result<T> and TRY: the kernel's one error idiom.
#pragma once

#include <expected>
#include <utility>

#include "core/base/errno.h"

namespace halcyon {

template <class T = void>
using Result = std::expected<T, Errno>;

}  // namespace halcyon

#define HALCYON_JOIN2(a, b) a##b
#define HALCYON_JOIN(a, b) HALCYON_JOIN2(a, b)
#define HALCYON_TRY(name, ...)              \
  __extension__({                           \
    auto&& name = (__VA_ARGS__);            \
    if (!name) [[unlikely]]                 \
      return std::unexpected(name.error()); \
    *std::move(name);                       \
  })
// Yields the value of a call that returns Result, or returns its error from the enclosing function; of a Result<> it is a statement. A
// value that is not wanted is thrown away by a cast to void. Bind it to a name: g++ 12 leaks
// already built members when a TRY inside braces or a capture list returns.
#define TRY(...) HALCYON_TRY(HALCYON_JOIN(try_result_, __COUNTER__), __VA_ARGS__)
