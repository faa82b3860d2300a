// require: what the kernel must be able to do before the program runs; else the command line program gives up.
#pragma once

#include <type_traits>

#include "cli/failure.h"
#include "core/base/result.h"

namespace halcyon::cli {

template <class T>
T require(Result<T> result, std::string_view what) {
  if (!result) fail(exit_status::own_failure, "{}: {}", what, errno_name(result.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace halcyon::cli
