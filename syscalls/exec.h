// Executing a program by path, for execve(2) and for whoever starts the first program.
#pragma once

#include "core/base/string.h"
#include "core/base/vec.h"
#include "core/mm/address_space.h"
#include "core/task/exec/exec.h"
#include "core/task/process/credentials.h"
#include "core/task/process/limits.h"
#include "fs/vfs/walk.h"

namespace halcyon {

class Abi;

// Strings one behind the other, each with its NUL.
struct StringList {
  Vec<char> bytes;
  size_t count = 0;
  Result<> add(std::string_view text);
};

struct ExecRequest {
  fs::Start start;
  std::string_view path;
  uint32_t walk = 0;           // walk_flag
  std::string_view file_name;  // AT_EXECFN: the path as given, or /dev/fd/N/...
  bool no_new_privileges = false;
  StringList arguments;
  StringList environment;
};

// Everything up to the point of no return: finds the file, follows scripts, loads program and interpreter, and builds the stack. Blocks.
// The errors of execve(2). On failure because of an interpreter that does not exist, `missing` (may be null) gets its name.
Result<NewProgram> prepare_program(const fs::Caller& caller, hal::Machine& machine, Abi& abi, const ResourceLimits& limits,
                                   ExecRequest& request, String* missing);

}  // namespace halcyon
