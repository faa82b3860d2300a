// Formatting for kernel code: fmt's checked format strings over a small back end of our own that needs neither heap nor FPU.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>

#include "core/base/vec.h"

namespace halcyon {

// Where formatted text goes, piece by piece.
class Writer {
 public:
  virtual void write(std::string_view text) = 0;

 protected:
  ~Writer() = default;
};

// Text of any length. An allocation that fails loses the rest and is remembered.
class TextBuffer final : public Writer {
 public:
  void write(std::string_view text) override {
    if (!text_.append({text.data(), text.size()})) failed_ = true;
  }
  std::string_view view() const { return {text_.data(), text_.size()}; }
  bool has_failed() const { return failed_; }

 private:
  Vec<char> text_;
  bool failed_ = false;
};

// Text of at most N characters on the stack; what does not fit is cut off.
template <size_t N>
class FixedText final : public Writer {
 public:
  void write(std::string_view text) override {
    size_t count = std::min(text.size(), N - size_);
    std::copy_n(text.data(), count, text_.data() + size_);
    size_ += count;
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, N> text_;
  size_t size_ = 0;
};

// Supports {} with fill, alignment, sign, '#', '0', width, precision (of strings) and the types b, c, d, o, s, x, X, p.
void vprint(Writer& out, fmt::string_view format, fmt::format_args arguments);

template <class... T>
void print(Writer& out, fmt::format_string<T...> format, T&&... arguments) {
  static_assert(!(std::is_floating_point_v<std::remove_cvref_t<T>> || ...), "kernel code uses no floating point");
  vprint(out, format, fmt::make_format_args(arguments...));
}

}  // namespace halcyon
