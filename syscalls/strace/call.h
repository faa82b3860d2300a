// A system call on its way to a line of text, and how each of its parameters becomes text.
#pragma once

#include <array>
#include <span>

#include "core/base/print.h"
#include "core/task/thread.h"
#include "syscalls/table.h"

namespace halcyon::strace {

struct Call {
  Thread& thread;
  const SyscallEntry& entry;
  std::array<uint64_t, 6> arguments;
  uint64_t result = 0;  // once it has ended
  bool has_ended = false;

  bool has_failed() const { return result > -uint64_t{4096}; }
  // The number of bytes that a call which returns one moved.
  uint64_t moved() const { return has_failed() ? 0 : result; }
  AddressSpace& memory() const { return thread.memory(); }
  bool is(std::string_view name) const { return entry.name == name; }
};

struct Parameter {
  void (*show)(Writer& out, const Call& call, unsigned index) = nullptr;
  bool is_output = false;  // shown when the call has ended
};

// By the parameters' types, from table.inc, with the exceptions of special.cpp.
std::span<const Parameter> parameters_of(const SyscallEntry& entry);

// --- special.cpp
// What a parameter means that its type does not say: null where the type says all.
const Parameter* special_parameter(std::string_view call, unsigned index);
// How many of the arguments count: open(2) without O_CREAT has no mode.
unsigned shown_arguments(const Call& call);
// Shows all arguments of a call that strace(1) writes in a way of its own; false for others.
bool show_whole(Writer& out, const Call& call);
// The result of a call that succeeded, with what strace(1) writes behind it: "1 ([{fd=3, revents=POLLIN}])".
void show_result(Writer& out, const Call& call);

}  // namespace halcyon::strace
