// The stack that a program finds at its start (System V ABI, "Initial Stack and Register State"; getauxval(3)).
#pragma once

#include <array>
#include <string_view>

#include "core/task/exec/exec.h"
#include "syscalls/abi/abi.h"

namespace halcyon {

struct StringList;

struct StackContents {
  const StringList* arguments = nullptr;
  const StringList* environment = nullptr;
  std::string_view file_name;
  LoadedProgram program;
  UserAddr vdso = 0;
  const Credentials* credentials = nullptr;
  bool is_secure = false;
  uint64_t stack_limit = 0;
  std::array<std::byte, 16> random{};
};

// Maps the stack and fills it; returns the stack pointer. E2BIG, ENOMEM.
Result<UserAddr> build_initial_stack(AddressSpace& memory, Abi& abi, const StackContents& contents);

}  // namespace halcyon
