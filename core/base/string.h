// String: an immutable copy of a text on the kernel's heap; copying one can fail, so it is explicit.
#pragma once

#include <string_view>

#include "core/base/vec.h"

namespace halcyon {

class String {
 public:
  String() = default;
  static Result<String> copy(std::string_view text) {
    String string;
    TRY(string.bytes_.append({text.data(), text.size()}));
    return string;
  }
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  operator std::string_view() const { return view(); }
  size_t size() const { return bytes_.size(); }
  bool is_empty() const { return bytes_.is_empty(); }

 private:
  Vec<char> bytes_;
};

}  // namespace halcyon
