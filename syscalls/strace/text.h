// Strings and buffers of user memory as strace(1) quotes them.
#pragma once

#include <span>

#include "core/base/print.h"
#include "core/mm/address_space.h"

namespace halcyon::strace {

inline constexpr size_t abbreviate_after = 32;  // strace -s

// `bytes` in quotes with C's escapes.
void show_quoted(Writer& out, std::span<const char> bytes);
// `length` bytes of user memory, "..." behind what is left out; the address if they are out of reach.
void show_bytes(Writer& out, AddressSpace& memory, UserAddr address, uint64_t length);
// A string up to its NUL; of at most `limit` characters.
void show_string(Writer& out, AddressSpace& memory, UserAddr address, size_t limit);

}  // namespace halcyon::strace
