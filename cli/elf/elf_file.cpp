// Reading ELF headers with libelf. Whatever a file claims is checked before it is believed: libelf itself checks only the outermost header.
#include "cli/elf/elf_file.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

#include <memory>

#include <fmt/format.h>

#include "hal/isa/isa.h"

namespace halcyon::cli {
namespace {

constexpr size_t longest_string = 4096;
constexpr const char* damaged_header = "its ELF header is damaged or cut short";

struct ElfDeleter {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfDeleter>;

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64: return "x86_64";
    case EM_RISCV: return "RISC-V";
    case EM_386: return "i386";
    case EM_AARCH64: return "aarch64";
    case EM_ARM: return "arm";
    case EM_PPC64: return "ppc64";
    case EM_S390: return "s390x";
    case EM_MIPS: return "mips";
    default: return fmt::format("machine {}", machine);
  }
}

std::string kind_name(unsigned type, bool has_interpreter) {
  switch (type) {
    case ET_EXEC: return "executable";
    case ET_DYN: return has_interpreter ? "position-independent executable" : "shared object or static position-independent executable";
    case ET_REL: return "relocatable object";
    case ET_CORE: return "core file";
    default: return fmt::format("type {}", type);
  }
}

class ElfReader {
 public:
  // The file has the magic number.
  explicit ElfReader(Elf* elf) : elf_(elf) { file_.is_elf = true; }

  ElfFile read() {
    read_header();
    if (file_.problem.empty()) read_segments();
    if (file_.problem.empty()) judge();
    return std::move(file_);
  }

 private:
  void read_header() {
    size_t size = 0;
    const char* ident = elf_getident(elf_, &size);
    if (ident && size >= EI_NIDENT) {
      file_.bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : ident[EI_CLASS] == ELFCLASS32 ? 32 : 0;
      file_.is_little_endian = ident[EI_DATA] == ELFDATA2LSB;
    }
    if (elf_kind(elf_) != ELF_K_ELF || !gelf_getehdr(elf_, &header_)) {
      file_.problem = damaged_header;
      return;
    }
    file_.machine = machine_name(header_.e_machine);
    if (file_.bits == 64 && file_.is_little_endian) {
      for (hal::Isa isa : hal::isas)
        if (hal::description(isa).elf_machine == header_.e_machine) file_.isa = isa;
    }
    file_.entry = header_.e_entry;
  }

  std::string string_at(uint64_t offset, size_t limit) {
    Elf_Data* data = elf_getdata_rawchunk(elf_, static_cast<int64_t>(offset), limit, ELF_T_BYTE);
    if (!data || !data->d_buf) return {};
    std::string_view text(static_cast<const char*>(data->d_buf), data->d_size);
    return std::string(text.substr(0, text.find('\0')));
  }

  // The file's size as far as its string tables may reach.
  size_t size() {
    size_t size = 0;
    elf_rawfile(elf_, &size);
    return size;
  }

  void read_segments() {
    size_t count = 0;
    if (elf_getphdrnum(elf_, &count) != 0) count = 0;
    for (size_t index = 0; index < count; ++index) {
      GElf_Phdr segment;
      if (!gelf_getphdr(elf_, static_cast<int>(index), &segment)) {
        file_.problem = "its program headers are damaged or cut short";
        return;
      }
      if (segment.p_type == PT_LOAD) {
        file_.segments.push_back({segment.p_offset, segment.p_vaddr, segment.p_filesz, segment.p_memsz, segment.p_align, segment.p_flags});
        loads_.push_back(segment);
      }
      if (segment.p_type == PT_GNU_STACK) file_.has_executable_stack = (segment.p_flags & PF_X) != 0;
      if (segment.p_type == PT_DYNAMIC) dynamic_ = segment;
      if (segment.p_type != PT_INTERP) continue;
      has_interpreter_ = true;
      if (segment.p_filesz <= longest_string) file_.interpreter = string_at(segment.p_offset, segment.p_filesz);
    }
    if (dynamic_.p_filesz > 0) read_dynamic();
  }

  std::optional<uint64_t> file_offset(uint64_t address) {
    for (const GElf_Phdr& load : loads_)
      if (address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz) return load.p_offset + (address - load.p_vaddr);
    return std::nullopt;
  }

  void read_dynamic() {
    Elf_Data* data = elf_getdata_rawchunk(elf_, static_cast<int64_t>(dynamic_.p_offset), dynamic_.p_filesz, ELF_T_DYN);
    if (!data) return;
    std::vector<GElf_Dyn> entries;
    GElf_Dyn entry;
    for (int index = 0; gelf_getdyn(data, index, &entry) && entry.d_tag != DT_NULL; ++index) entries.push_back(entry);
    std::optional<uint64_t> strings;
    for (const GElf_Dyn& each : entries) {
      if (each.d_tag == DT_STRTAB) strings = file_offset(each.d_un.d_ptr);
      if (each.d_tag == DT_FLAGS_1) file_.is_position_independent = (each.d_un.d_val & DF_1_PIE) != 0;
    }
    if (!strings) return;
    size_t limit = size();
    for (const GElf_Dyn& each : entries) {
      uint64_t offset = *strings + each.d_un.d_val;
      if (offset >= limit) continue;
      size_t length = std::min<size_t>(longest_string, limit - offset);
      if (each.d_tag == DT_NEEDED) file_.needed.push_back(string_at(offset, length));
      if (each.d_tag == DT_RUNPATH || (each.d_tag == DT_RPATH && file_.run_path.empty())) file_.run_path = string_at(offset, length);
    }
  }

  void judge() {
    bool is_dynamic = header_.e_type == ET_DYN;
    file_.kind = kind_name(header_.e_type, has_interpreter_);
    if (is_dynamic && has_interpreter_) file_.is_position_independent = true;
    std::string& problem = file_.problem;
    if (!file_.isa)
      problem = fmt::format("for another machine: {}, {} bits, {}", file_.machine, file_.bits,
                            file_.is_little_endian ? "little-endian" : "big-endian");
    else if (header_.e_type != ET_EXEC && !is_dynamic) problem = fmt::format("not a program but a {}", file_.kind);
    else if (loads_.empty()) problem = "it has no segments to load";
    else check_segments(file_, size());
    if (problem.empty() && has_interpreter_ && (file_.interpreter.empty() || file_.interpreter[0] != '/'))
      problem = "the name of its interpreter is damaged";
  }

  Elf* elf_;
  ElfFile file_;
  GElf_Ehdr header_{};
  GElf_Phdr dynamic_{};
  std::vector<GElf_Phdr> loads_;
  bool has_interpreter_ = false;
};

ElfFile read_handle(std::string_view magic, ElfHandle elf) {
  if (elf && magic == ELFMAG) return ElfReader(elf.get()).read();
  ElfFile file;
  file.is_elf = magic == ELFMAG;
  file.problem = file.is_elf ? damaged_header : "not an ELF file";
  return file;
}

}  // namespace

ElfFile read_elf(int fd) {
  elf_version(EV_CURRENT);
  char magic[SELFMAG] = {};
  ssize_t count = pread(fd, magic, sizeof magic, 0);
  return read_handle({magic, count > 0 ? static_cast<size_t>(count) : 0}, ElfHandle(elf_begin(fd, ELF_C_READ_MMAP, nullptr)));
}

ElfFile read_elf(std::string_view contents) {
  elf_version(EV_CURRENT);
  // libelf only reads, although its parameter does not say so.
  return read_handle(contents.substr(0, SELFMAG), ElfHandle(elf_memory(const_cast<char*>(contents.data()), contents.size())));
}

}  // namespace halcyon::cli
