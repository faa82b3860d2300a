#include "cli/abi_report.h"

#include <fmt/format.h>

#include "hal/isa/isa.h"
#include "syscalls/table.h"

namespace halcyon::cli {
namespace {

constexpr std::string_view page_head =
    "# The system calls\n"
    "\n"
    "Made by `halcyon abi --markdown` from `syscalls/table.inc`; a test compares the two. A call that is not here returns ENOSYS.\n"
    "\n";

bool has_number(const SyscallEntry& entry, const std::optional<hal::Isa>& isa) { return !isa || syscall_number(entry, *isa) != no_number; }

bool is_shown(const SyscallEntry& entry, const AbiOptions& options) {
  return has_number(entry, options.isa) && !(options.only_partial && entry.note.empty());
}

std::string number_of(const SyscallEntry& entry, hal::Isa isa) {
  int number = syscall_number(entry, isa);
  return number == no_number ? "-" : std::to_string(number);
}

// A call whose parameters come in another order has a second line in the table (clone_backwards).
std::string_view name_of(const SyscallEntry& entry) {
  constexpr std::string_view suffix = "_backwards";
  return entry.name.ends_with(suffix) ? entry.name.substr(0, entry.name.size() - suffix.size()) : entry.name;
}

std::string state_of(const SyscallEntry& entry) { return entry.note.empty() ? "whole" : fmt::format("partial: {}", entry.note); }

std::string describe_counts(const AbiOptions& options) {
  std::string text;
  for (hal::Isa isa : hal::isas) {
    if (options.isa && *options.isa != isa) continue;
    size_t all = 0, whole = 0;
    for (const SyscallEntry& entry : syscall_entries()) {
      if (!has_number(entry, isa)) continue;
      ++all;
      whole += entry.note.empty();
    }
    text += fmt::format("{}: {} system calls, {} of them whole\n", isa_name(isa), all, whole);
  }
  return text;
}

std::string describe_as_text(const AbiOptions& options) {
  std::string text = fmt::format("{:<26}", "system call");
  for (hal::Isa isa : hal::isas)
    if (!options.isa || *options.isa == isa) text += fmt::format("{:>9}", isa_name(isa));
  text += "  state\n";
  for (const SyscallEntry& entry : syscall_entries()) {
    if (!is_shown(entry, options)) continue;
    std::string line = fmt::format("{:<26}", name_of(entry));
    for (hal::Isa isa : hal::isas)
      if (!options.isa || *options.isa == isa) line += fmt::format("{:>9}", number_of(entry, isa));
    text += fmt::format("{}  {}\n", line, state_of(entry));
  }
  return text + describe_counts(options);
}

// '|' would end a cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (char character : text) {
    if (character == '|') escaped += '\\';
    escaped += character;
  }
  return escaped;
}

std::string describe_as_page(const AbiOptions& options) {
  std::string text(page_head);
  std::string counts = describe_counts(options);
  for (size_t start = 0; start < counts.size();) {
    size_t end = counts.find('\n', start);
    text += fmt::format("- {}\n", counts.substr(start, end - start));
    start = end + 1;
  }
  std::string rule = "\n|---|";
  text += "\n| call |";
  for (hal::Isa isa : hal::isas) {
    if (options.isa && *options.isa != isa) continue;
    text += fmt::format(" {} |", isa_name(isa));
    rule += "---:|";
  }
  text += " state |" + rule + "---|\n";
  for (const SyscallEntry& entry : syscall_entries()) {
    if (!is_shown(entry, options)) continue;
    text += fmt::format("| `{}` |", name_of(entry));
    for (hal::Isa isa : hal::isas)
      if (!options.isa || *options.isa == isa) text += fmt::format(" {} |", number_of(entry, isa));
    text += fmt::format(" {} |\n", cell(state_of(entry)));
  }
  return text;
}

}  // namespace

std::string describe_abi(const AbiOptions& options) { return options.markdown ? describe_as_page(options) : describe_as_text(options); }

}  // namespace halcyon::cli
