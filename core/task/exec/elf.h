// ELF executables (elf(5), System V gABI chapter 4 and 5): reading and checking headers. Everything in the file is hostile input: a defect
// is an error, ENOEXEC unless said otherwise, and nothing is mapped by then.
#pragma once

#include "core/base/string.h"
#include "core/base/vec.h"
#include "core/file/file.h"
#include "hal/trap.h"

namespace halcyon {

struct ElfSegment {  // PT_LOAD
  uint64_t address = 0;
  uint64_t memory_size = 0;
  uint64_t file_offset = 0;
  uint64_t file_size = 0;
  uint32_t protection = 0;
};

struct ElfImage {
  bool is_position_independent = false;  // ET_DYN
  uint64_t entry = 0;
  uint64_t header_address = 0;  // of the program headers, before relocation; 0 if no segment holds them
  uint16_t header_count = 0;
  uint64_t start = 0, end = 0;  // what the segments span, page aligned
  uint64_t alignment = page_size;
  bool executable_stack = false;
  Vec<ElfSegment> segments;
  String interpreter;  // empty: statically linked
};

// Reads from the start of `file`. Blocks. ENOEXEC, EINVAL (a segment that contradicts itself), ENOMEM, EIO.
Result<ElfImage> read_elf(File& file, hal::Isa isa);

}  // namespace halcyon
