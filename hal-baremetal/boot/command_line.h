// CommandLine: the text that the boot loader passes. Words are separated by white space; "..." keeps white space in a word, and a backslash
// takes the next character as it is, within quotes and without (GRUB puts one before each quote and backslash). A word NAME=VALUE or NAME
// is a parameter. What follows the word -- are arguments of the first program.
#pragma once

#include <optional>
#include <string_view>

namespace halcyon {

class CommandLine {
 public:
  // Both texts must outlive the object. Words are unquoted into `buffer`, which needs text.size() bytes.
  CommandLine(std::string_view text, char* buffer);

  // The value of the last parameter of that name; empty for one without '='.
  std::optional<std::string_view> value(std::string_view name) const;
  bool has(std::string_view name) const { return value(name).has_value(); }
  // A decimal number; nothing if the parameter is missing or is none.
  std::optional<unsigned> number(std::string_view name) const;

  // Calls visit(word) for each argument of the first program.
  template <class Visit>
  void for_each_argument(Visit&& visit) const {
    for (size_t at = arguments_; at < size_;) visit(word(&at));
  }

 private:
  std::string_view word(size_t* at) const;

  const char* words_;     // each ended by a NUL
  size_t size_ = 0;       // of all words
  size_t arguments_ = 0;  // where they begin
};

}  // namespace halcyon
