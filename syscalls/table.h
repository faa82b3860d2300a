// The system-call tables as data: for dispatch, for strace, for the coverage page and for tests.
#pragma once

#include <span>
#include <string_view>

#include "core/base/print.h"
#include "hal/trap.h"
#include "syscalls/types.h"

namespace halcyon {

inline constexpr int no_number = -1;

struct SyscallEntry {
  std::string_view name;
  int number_x86_64;
  int number_generic;
  std::string_view note;        // what is missing; empty when the call is whole
  std::string_view parameters;  // as the table writes them
  Result<uint64_t> (*call)(Thread& self);
  unsigned argument_count;
  bool keeps_registers;  // rt_sigreturn, execve: the body has set every register itself
};

// In the table's order.
std::span<const SyscallEntry> syscall_entries();
// Null for a number that is not in the ISA's table.
const SyscallEntry* find_syscall(hal::Isa isa, uint64_t number);
int syscall_number(const SyscallEntry& entry, hal::Isa isa);

}  // namespace halcyon
