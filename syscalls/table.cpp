// The dispatch tables: table.inc turned into arrays, with one small function per call that fetches the arguments which it takes.
#include "syscalls/table.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "core/task/thread.h"
#include "hal/isa/isa.h"
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

template <auto Body, bool SetsRegisters>
struct Call;
template <class... Parameters, Result<uint64_t> (*Body)(Thread&, Parameters...), bool SetsRegisters>
struct Call<Body, SetsRegisters> {
  static constexpr unsigned argument_count = sizeof...(Parameters);
  static Result<uint64_t> call(Thread& self) {
    Result<uint64_t> result = with(self, std::index_sequence_for<Parameters...>{});
    if (SetsRegisters && result) return std::unexpected(registers_are_set);
    return result;
  }
  template <size_t... Index>
  static Result<uint64_t> with(Thread& self, std::index_sequence<Index...>) {
    return Body(self, Decode<Parameters>::from(self.context().get(hal::argument(Index)))...);
  }
};

constexpr std::string_view note_of(std::string_view note = {}) { return note; }

constexpr bool sets_registers(std::string_view name) { return name == "rt_sigreturn" || name == "execve" || name == "execveat"; }

constexpr SyscallEntry entries[] = {
#define SYSCALL(name, x86_64, generic, parameters, ...)       \
  SyscallEntry{#name,                                         \
               parse_number(#x86_64),                         \
               parse_number(#generic),                        \
               note_of(__VA_ARGS__),                          \
               #parameters,                                   \
               Call<sys_##name, sets_registers(#name)>::call, \
               Call<sys_##name, sets_registers(#name)>::argument_count},
#include "syscalls/table.inc"
#undef SYSCALL
};

constexpr SyscallTable build(int SyscallEntry::* number) {
  SyscallTable table{};
  for (const SyscallEntry& entry : entries)
    if (entry.*number != no_number) table[static_cast<size_t>(entry.*number)] = &entry;
  return table;
}

constexpr SyscallTable table_x86_64 = build(&SyscallEntry::number_x86_64);
constexpr SyscallTable table_generic = build(&SyscallEntry::number_generic);

}  // namespace

std::span<const SyscallEntry> syscall_entries() { return entries; }

const SyscallTable& syscall_table(hal::Isa isa) {
  switch (hal::description(isa).syscall_numbers) {
    case hal::SyscallNumbers::x86_64: return table_x86_64;
    case hal::SyscallNumbers::generic: return table_generic;
  }
  std::unreachable();
}

int syscall_number(const SyscallEntry& entry, hal::Isa isa) {
  switch (hal::description(isa).syscall_numbers) {
    case hal::SyscallNumbers::x86_64: return entry.number_x86_64;
    case hal::SyscallNumbers::generic: return entry.number_generic;
  }
  std::unreachable();
}

uint64_t restart_syscall_number(hal::Isa isa) {
  constexpr const SyscallEntry* entry = std::ranges::find(entries, std::string_view("restart_syscall"), &SyscallEntry::name);
  static_assert(entry != std::end(entries));
  return static_cast<uint64_t>(syscall_number(*entry, isa));
}

}  // namespace halcyon
