// The dispatch tables: table.inc turned into arrays, with one small function per call that fetches the arguments which it takes.
#include "syscalls/table.h"

#include <array>
#include <utility>

#include "core/task/thread.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

constexpr int parse_number(std::string_view text) {
  if (text == "none") return no_number;
  int number = 0;
  for (char digit : text) number = number * 10 + (digit - '0');
  return number;
}

template <class T>
struct Decode {
  static T from(uint64_t value) { return static_cast<T>(value); }
};
template <class Tag, class T>
struct Decode<Typed<Tag, T>> {
  static Typed<Tag, T> from(uint64_t value) { return {static_cast<T>(value)}; }
};
template <class T>
struct Decode<UserPtr<T>> {
  static UserPtr<T> from(uint64_t value) { return UserPtr<T>(value); }
};

template <auto Body>
struct Call;
template <class... Parameters, Result<uint64_t> (*Body)(Thread&, Parameters...)>
struct Call<Body> {
  static constexpr unsigned argument_count = sizeof...(Parameters);
  static Result<uint64_t> call(Thread& self) { return with(self, std::index_sequence_for<Parameters...>{}); }
  template <size_t... Index>
  static Result<uint64_t> with(Thread& self, std::index_sequence<Index...>) {
    return Body(self, Decode<Parameters>::from(self.context().get(hal::argument(Index)))...);
  }
};

constexpr std::string_view note_of(std::string_view note = {}) { return note; }

constexpr bool sets_registers(std::string_view name) { return name == "rt_sigreturn" || name == "execve" || name == "execveat"; }

constexpr SyscallEntry entries[] = {
#define SYSCALL(name, x86_64, generic, parameters, ...)                                                     \
  SyscallEntry{#name,       parse_number(#x86_64),  parse_number(#generic),           note_of(__VA_ARGS__), \
               #parameters, Call<sys_##name>::call, Call<sys_##name>::argument_count, sets_registers(#name)},
#include "syscalls/table.inc"
#undef SYSCALL
};

constexpr size_t table_size = 512;
using Table = std::array<uint16_t, table_size>;  // index into entries plus 1

constexpr Table build(int SyscallEntry::* number) {
  Table table{};
  for (size_t index = 0; index < std::size(entries); ++index)
    if (entries[index].*number != no_number) table[static_cast<size_t>(entries[index].*number)] = static_cast<uint16_t>(index + 1);
  return table;
}

constexpr Table table_x86_64 = build(&SyscallEntry::number_x86_64);
constexpr Table table_generic = build(&SyscallEntry::number_generic);

}  // namespace

std::span<const SyscallEntry> syscall_entries() { return entries; }

const SyscallEntry* find_syscall(hal::Isa isa, uint64_t number) {
  if (number >= table_size) return nullptr;
  uint16_t index = (isa == hal::Isa::x86_64 ? table_x86_64 : table_generic)[number];
  return index ? &entries[index - 1] : nullptr;
}

int syscall_number(const SyscallEntry& entry, hal::Isa isa) { return isa == hal::Isa::x86_64 ? entry.number_x86_64 : entry.number_generic; }

}  // namespace halcyon
