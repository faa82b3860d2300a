// Failure: why the command line program gives up, as an exception: one line for the user, and the exit status that goes with it.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace halcyon::cli {

// As env(1) and its kin: everything else is the program's own status, or 128 + N if signal N killed it.
namespace exit_status {
inline constexpr int timed_out = 124, own_failure = 125, not_executable = 126, not_found = 127, signal_base = 128;
}

class Failure : public std::runtime_error {
 public:
  Failure(int status, const std::string& message) : std::runtime_error(message), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

template <class... T>
[[noreturn]] void fail(int status, fmt::format_string<T...> format, T&&... arguments) {
  throw Failure(status, fmt::format(format, std::forward<T>(arguments)...));
}

// Writes to standard error. What cannot be written, because it is closed or full, is lost.
inline void complain(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace halcyon::cli
