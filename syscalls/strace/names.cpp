#include "syscalls/strace/names.h"

namespace halcyon::strace {

void show_choice(Writer& out, std::span<const Name> names, uint64_t value, std::string_view unknown) {
  for (const Name& name : names)
    if (name.value == value) return out.write(name.text);
  print(out, "{:#x} /* {}_??? */", value, unknown);
}

void show_flags(Writer& out, std::span<const Name> names, uint64_t value, std::string_view unknown) {
  bool is_first = true;
  uint64_t rest = value;
  for (const Name& name : names) {
    // A flag of several bits stands for those that include it: they come first in their table.
    bool is_set = name.value == 0 ? value == 0 : (rest & name.value) == name.value;
    if (!is_set) continue;
    if (!is_first) out.write("|");
    is_first = false;
    out.write(name.text);
    rest &= ~name.value;
  }
  if (is_first && value == 0) return out.write("0");
  if (rest == 0) return;
  if (is_first) print(out, "{:#x} /* {}_??? */", rest, unknown);
  else print(out, "|{:#x}", rest);
}

void show_address(Writer& out, uint64_t address) {
  if (address == 0) out.write("NULL");
  else print(out, "{:#x}", address);
}

}  // namespace halcyon::strace
