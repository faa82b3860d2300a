// Small ELF files for tests.
#pragma once

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace halcyon::cli {

inline Elf64_Phdr load_segment(uint64_t address, uint64_t file_size, uint64_t memory_size, unsigned flags = PF_R | PF_X,
                               uint64_t offset = 0) {
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_flags = flags;
  segment.p_offset = offset;
  segment.p_vaddr = address;
  segment.p_filesz = file_size;
  segment.p_memsz = memory_size;
  segment.p_align = 0x1000;
  return segment;
}

// A file of at least `size` bytes with these program headers; `tail` follows them.
inline std::string make_elf_with(std::vector<Elf64_Phdr> segments, unsigned machine = EM_X86_64, unsigned type = ET_DYN,
                                 const std::string& tail = "", size_t size = 0x100) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = static_cast<Elf64_Half>(type);
  header.e_machine = static_cast<Elf64_Half>(machine);
  header.e_version = EV_CURRENT;
  header.e_entry = 0x80;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<Elf64_Half>(segments.size());
  std::string file(sizeof header + segments.size() * sizeof(Elf64_Phdr), '\0');
  std::memcpy(file.data(), &header, sizeof header);
  if (!segments.empty()) std::memcpy(file.data() + sizeof header, segments.data(), segments.size() * sizeof(Elf64_Phdr));
  file += tail;
  file.resize(std::max(file.size() + 1, size));
  return file;
}

// The smallest ELF file that could run: one segment, and an interpreter if asked for.
inline std::string make_elf(unsigned machine = EM_X86_64, const std::string& interpreter = "", unsigned type = ET_DYN) {
  std::vector<Elf64_Phdr> segments = {load_segment(0, 0x100, 0x100)};
  if (!interpreter.empty()) {
    Elf64_Phdr segment{};
    segment.p_type = PT_INTERP;
    segment.p_offset = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);
    segment.p_filesz = interpreter.size() + 1;
    segments.push_back(segment);
  }
  return make_elf_with(segments, machine, type, interpreter);
}

}  // namespace halcyon::cli
