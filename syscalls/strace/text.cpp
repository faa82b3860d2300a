#include "syscalls/strace/text.h"

#include "core/mm/user_memory.h"
#include "syscalls/strace/names.h"

namespace halcyon::strace {

namespace {

std::string_view escape_of(char c) {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\t': return "\\t";
    case '\r': return "\\r";
    case '\v': return "\\v";
    case '\f': return "\\f";
    default: return {};
  }
}

}  // namespace

void show_quoted(Writer& out, std::span<const char> bytes) {
  out.write("\"");
  for (size_t index = 0; index < bytes.size(); ++index) {
    char c = bytes[index];
    if (std::string_view escape = escape_of(c); !escape.empty()) {
      out.write(escape);
    } else if (c >= ' ' && c < 0x7f) {
      out.write({&c, 1});
    } else {
      // Short octal, unless a digit comes next.
      bool is_digit_next = index + 1 < bytes.size() && bytes[index + 1] >= '0' && bytes[index + 1] <= '9';
      unsigned value = static_cast<unsigned char>(c);
      if (is_digit_next) print(out, "\\{:03o}", value);
      else print(out, "\\{:o}", value);
    }
  }
  out.write("\"");
}

void show_bytes(Writer& out, AddressSpace& memory, UserAddr address, uint64_t length) {
  std::array<char, abbreviate_after> bytes;
  size_t shown = std::min<uint64_t>(length, bytes.size());
  auto front = std::span(bytes).first(shown);
  if (address == 0 || copy_from_user(memory, std::as_writable_bytes(front), address) != shown) return show_address(out, address);
  show_quoted(out, front);
  if (length > shown) out.write("...");
}

void show_string(Writer& out, AddressSpace& memory, UserAddr address, size_t limit) {
  if (address == 0) return out.write("NULL");
  Vec<char> text;
  std::array<char, 64> piece;
  while (text.size() <= limit) {
    size_t copied = copy_from_user(memory, std::as_writable_bytes(std::span(piece)), address + text.size());
    auto end = std::find(piece.begin(), piece.begin() + copied, '\0');
    size_t length = static_cast<size_t>(end - piece.begin());
    if (!text.append(std::span<const char>(piece).first(length))) return show_address(out, address);
    if (length < copied) break;
    if (copied < piece.size()) return show_address(out, address);
  }
  bool is_cut = text.size() > limit;
  show_quoted(out, text.span().first(std::min(text.size(), limit)));
  if (is_cut) out.write("...");
}

}  // namespace halcyon::strace
