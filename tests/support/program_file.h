// ELF files whose code is a C++ function: a text segment with a CodeWord (hal/fake/machine.h) at the entry, a data segment, zeroed memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hal/trap.h"

namespace halcyon::test {

struct ElfHeader {
  uint8_t ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  uint16_t type = 2, machine = 0;
  uint32_t version = 1;
  uint64_t entry = 0, program_headers = 64, section_headers = 0;
  uint32_t flags = 0;
  uint16_t size = 64, program_header_size = 56, program_header_count = 0, section_header_size = 64, section_header_count = 0, names = 0;
};
static_assert(sizeof(ElfHeader) == 64);

struct ElfProgramHeader {
  uint32_t type = 1, flags = 0;
  uint64_t offset = 0, address = 0, physical = 0, file_size = 0, memory_size = 0, alignment = 4096;
};
static_assert(sizeof(ElfProgramHeader) == 56);

// Where the parts of a program file lie; a position-independent one lies at the same distances from its base.
namespace program_layout {
inline constexpr uint64_t base = 0x400000;
inline constexpr uint64_t entry = 0x800, sigreturn = 0x900, text_size = 0x1000;  // in the text segment
inline constexpr uint64_t data = 0x200000, data_size = 0x100;
inline constexpr uint64_t scratch = data + 0x1000, scratch_size = 4 << 20;  // zeroed
}  // namespace program_layout

struct ProgramFile {
  hal::Isa isa = hal::Isa::x86_64;
  uint64_t token = 0;
  bool is_position_independent = false;
  std::string interpreter = {};
  bool has_executable_stack = false;

  std::string bytes() const;
};

// What stands at the start of the data segment.
inline constexpr std::string_view data_mark = "data of a program";

}  // namespace halcyon::test
