#include "tests/support/program_file.h"

#include <cstring>
#include <vector>

#include "hal/fake/machine.h"
#include "hal/isa/isa.h"

namespace halcyon::test {
namespace {

template <class T>
void put(std::string& bytes, uint64_t offset, const T& value) {
  if (bytes.size() < offset + sizeof value) bytes.resize(offset + sizeof value);
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

}  // namespace

std::string ProgramFile::bytes() const {
  namespace layout = program_layout;
  constexpr uint32_t readable = 4, writable = 2, executable = 1;
  constexpr uint32_t load = 1, interp = 3, stack = 0x6474e551;
  uint64_t base = is_position_independent ? 0 : layout::base;
  ElfHeader header;
  header.type = is_position_independent ? 3 : 2;
  header.machine = hal::choose(isa, uint16_t{62}, uint16_t{243});
  header.entry = base + layout::entry;
  std::vector<ElfProgramHeader> programs;
  constexpr uint64_t interpreter_at = 0x400;
  if (!interpreter.empty())
    programs.push_back({.type = interp,
                        .flags = readable,
                        .offset = interpreter_at,
                        .address = base + interpreter_at,
                        .file_size = interpreter.size() + 1,
                        .memory_size = interpreter.size() + 1,
                        .alignment = 1});
  programs.push_back({.type = load,
                      .flags = readable | executable,
                      .offset = 0,
                      .address = base,
                      .file_size = layout::text_size,
                      .memory_size = layout::text_size});
  programs.push_back({.type = load,
                      .flags = readable | writable,
                      .offset = layout::text_size,
                      .address = base + layout::data,
                      .file_size = layout::data_size,
                      .memory_size = layout::scratch - layout::data + layout::scratch_size});
  programs.push_back({.type = stack, .flags = readable | writable | (has_executable_stack ? executable : 0), .alignment = 16});
  header.program_header_count = static_cast<uint16_t>(programs.size());

  std::string bytes(layout::text_size + layout::data_size, '\0');
  put(bytes, 0, header);
  for (size_t index = 0; index < programs.size(); ++index) put(bytes, 64 + index * sizeof programs[0], programs[index]);
  if (!interpreter.empty()) interpreter.copy(bytes.data() + interpreter_at, interpreter.size());
  put(bytes, layout::entry, hal::CodeWord{.token = token});
  constexpr uint8_t x86[] = {0xb8, 15, 0, 0, 0, 0x0f, 0x05};  // mov $15, %eax; syscall
  constexpr uint32_t riscv[] = {0x08b00893, 0x00000073};      // li a7, 139; ecall
  switch (isa) {
    case hal::Isa::x86_64: put(bytes, layout::sigreturn, x86); break;
    case hal::Isa::riscv64: put(bytes, layout::sigreturn, riscv); break;
  }
  data_mark.copy(bytes.data() + layout::text_size, data_mark.size());
  return bytes;
}

}  // namespace halcyon::test
