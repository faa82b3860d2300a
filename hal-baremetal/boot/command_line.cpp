#include "hal-baremetal/boot/command_line.h"

#include <charconv>

namespace halcyon {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

// A word and its NUL never need more room than its text and the white space behind it; only the last one's NUL may be missing.
CommandLine::CommandLine(std::string_view text, char* buffer) : words_(buffer) {
  bool has_arguments = false;
  for (size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    size_t start = size_;
    bool is_quoted = false;
    for (; at < text.size() && (is_quoted || !is_space(text[at])); ++at) {
      if (text[at] == '"') {
        is_quoted = !is_quoted;
        continue;
      }
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      buffer[size_++] = text[at];
    }
    bool is_separator = !has_arguments && std::string_view(buffer + start, size_ - start) == "--";
    if (is_separator) size_ = start;
    else if (size_ < text.size()) buffer[size_++] = '\0';
    has_arguments |= is_separator;
    if (!has_arguments || is_separator) arguments_ = size_;
  }
}

std::string_view CommandLine::word(size_t* at) const {
  std::string_view rest(words_ + *at, size_ - *at);
  std::string_view found = rest.substr(0, rest.find('\0'));
  *at += found.size() + 1;
  return found;
}

std::optional<std::string_view> CommandLine::value(std::string_view name) const {
  std::optional<std::string_view> found;
  for (size_t at = 0; at < arguments_;) {
    std::string_view each = word(&at);
    size_t equals = each.find('=');
    if (each.substr(0, equals) != name) continue;
    found = equals == std::string_view::npos ? std::string_view() : each.substr(equals + 1);
  }
  return found;
}

std::optional<unsigned> CommandLine::number(std::string_view name) const {
  auto text = value(name);
  if (!text) return {};
  unsigned number = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) return {};
  return number;
}

}  // namespace halcyon
