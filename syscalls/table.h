// The system-call tables as data: for dispatch, for strace, for the coverage page and for tests.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "core/base/errno.h"
#include "core/base/print.h"
#include "hal/trap.h"
#include "syscalls/types.h"

namespace halcyon {

inline constexpr int no_number = -1;

// How the dispatch learns that rt_sigreturn or execve has set every register itself; no body returns it.
inline constexpr Errno registers_are_set{1023};

struct SyscallEntry {
  std::string_view name;
  int number_x86_64;
  int number_generic;
  std::string_view note;        // what is missing; empty when the call is whole
  std::string_view parameters;  // as the table writes them
  Result<uint64_t> (*call)(Thread& self);
  unsigned argument_count;
};

// In the table's order.
std::span<const SyscallEntry> syscall_entries();
// By number; null where the ISA has no such call.
using SyscallTable = std::array<const SyscallEntry*, 512>;
const SyscallTable& syscall_table(hal::Isa isa);
inline const SyscallEntry* find_syscall(const SyscallTable& table, uint64_t number) {
  return number < table.size() ? table[number] : nullptr;
}
int syscall_number(const SyscallEntry& entry, hal::Isa isa);
uint64_t restart_syscall_number(hal::Isa isa);

}  // namespace halcyon
