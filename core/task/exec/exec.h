// execve, the part that needs no paths: loading open files into a new address space, and turning a thread over to it. Path lookup, scripts
// and the initial stack are syscalls/exec.cpp's.
#pragma once

#include "core/mm/address_space.h"
#include "core/task/exec/elf.h"
#include "core/task/process/credentials.h"

namespace halcyon {

class Thread;

struct LoadedProgram {
  UserAddr start = 0;             // where execution starts: the interpreter's entry, if there is one
  UserAddr entry = 0;             // AT_ENTRY
  UserAddr program_headers = 0;   // AT_PHDR
  uint16_t header_count = 0;      // AT_PHNUM
  UserAddr interpreter_base = 0;  // AT_BASE
  bool executable_stack = false;
};

// Maps the segments of a program and of its interpreter (null if it has none) into an empty address space, and places the break behind.
// Blocks. ENOEXEC, EINVAL, ENOMEM, EIO.
Result<LoadedProgram> load_program(AddressSpace& memory, Ref<File> executable, const ElfImage& image, Ref<File> interpreter,
                                   const ElfImage* interpreter_image);

struct NewProgram {
  Ref<AddressSpace> memory;
  UserAddr start = 0;
  UserAddr stack_pointer = 0;
  Ref<const Credentials> credentials;
  std::string_view name;  // comm: the last component of the path
};

// The point of no return: ends the other threads, then gives `self` the new memory, closes what is to be closed and resets handlers, timers
// and registers (execve(2), "Effect on process attributes"). Fails only if the process is dying or another thread executes already.
Result<> replace_program(Thread& self, NewProgram program);

}  // namespace halcyon
