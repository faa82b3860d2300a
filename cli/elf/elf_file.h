// ElfFile: what an ELF file says about itself, read with libelf: enough to choose a machine, to name a missing interpreter, and to tell the
// user why a file would not run. The kernel's loader has its own, independent eyes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/trap.h"

namespace halcyon::cli {

struct ElfFile {
  bool is_elf = false;  // it has the magic number; all else counts only then
  std::string problem;  // why it is no program that could run; empty if it is one
  std::optional<hal::Isa> isa;
  std::string machine;  // as people call it
  unsigned bits = 0;
  bool is_little_endian = false;
  std::string kind;  // "executable", "shared object", ...
  bool is_position_independent = false;
  uint64_t entry = 0;
  std::string interpreter;          // PT_INTERP; empty for a static program
  std::vector<std::string> needed;  // DT_NEEDED
  std::string run_path;             // DT_RUNPATH or DT_RPATH
  struct Segment {
    uint64_t offset, address, file_size, memory_size, alignment;
    unsigned flags;  // 4 read, 2 write, 1 execute
  };
  std::vector<Segment> segments;  // PT_LOAD
  bool has_executable_stack = false;
  std::vector<std::string> oddities;  // what is unusual, but no obstacle
};

// An open host file; its offset does not change. A file that is no ELF file, or a damaged one, is described, not refused.
ElfFile read_elf(int fd);
// The contents of a file.
ElfFile read_elf(std::string_view contents);

// Looks at the segments of a program for `file.isa` in a file of `file_size` bytes: sets `problem` to the first thing that is wrong, and
// adds what is odd.
void check_segments(ElfFile& file, uint64_t file_size);

}  // namespace halcyon::cli
