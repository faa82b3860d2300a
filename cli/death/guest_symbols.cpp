#include "cli/death/guest_symbols.h"

#include <cxxabi.h>
#include <elfutils/libdw.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace halcyon::cli {
namespace {

constexpr uint64_t largest_file = uint64_t{1} << 30;

// A guest's file as a descriptor of the host; -1 if it cannot be read.
int copy_to_host(File& file) {
  int fd = memfd_create("guest", MFD_CLOEXEC);
  std::vector<std::byte> bytes(1 << 20);
  for (uint64_t at = 0; fd >= 0 && at < largest_file;) {
    KernelSink sink(bytes);
    auto got = file.read_at(at, sink);
    if (got && *got == 0) return fd;
    if (!got || ::write(fd, bytes.data(), *got) != static_cast<ssize_t>(*got)) break;
    at += *got;
  }
  if (fd >= 0) close(fd);
  return -1;
}

int no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) { return -1; }

std::string demangled(const char* symbol) {
  int status = 0;
  char* readable = abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
  std::string name = readable ? readable : symbol;
  std::free(readable);
  return name;
}

// dwfl_module_getsrc would do, but for an index of addresses that it needs and compilers may leave out.
std::string source_line(Dwfl_Module* module, Dwarf_Addr place) {
  Dwarf_Addr bias = 0;
  for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module, unit, &bias));) {
    if (dwarf_haspc(unit, place - bias) <= 0) continue;
    Dwarf_Line* line = dwarf_getsrc_die(unit, place - bias);
    int row = 0;
    const char* file = line ? dwarf_linesrc(line, nullptr, nullptr) : nullptr;
    if (!file || dwarf_lineno(line, &row) != 0) return {};
    return fmt::format(" at {}:{}", file, row);
  }
  return {};
}

}  // namespace

GuestSymbols::GuestSymbols(const GuestDeath& death) : death_(death) {
  callbacks_.find_debuginfo = no_debug_file;
  dwfl_ = dwfl_begin(&callbacks_);
  if (!dwfl_) return;
  dwfl_report_begin(dwfl_);
  std::set<File*> seen;
  // A file that nothing executes explains nothing.
  for (const GuestMapping& mapping : death.mappings)
    if (mapping.is_executable && mapping.file && seen.insert(mapping.file.get()).second) report(mapping);
  dwfl_report_end(dwfl_, nullptr, nullptr);
}

GuestSymbols::~GuestSymbols() {
  if (dwfl_) dwfl_end(dwfl_);
}

void GuestSymbols::report(const GuestMapping& executable) {
  // Where its first page is, or would be.
  uint64_t base = executable.start - executable.offset;
  for (const GuestMapping& mapping : death_.mappings)
    if (mapping.file.get() == executable.file.get() && mapping.offset == 0 && mapping.start <= executable.start) base = mapping.start;
  int fd = copy_to_host(*executable.file);
  if (fd < 0) return;
  // libdw closes it with the module.
  if (!dwfl_report_elf(dwfl_, executable.name.c_str(), executable.name.c_str(), fd, base, false)) close(fd);
}

std::string GuestSymbols::describe(uint64_t address, bool is_return) const {
  uint64_t place = is_return ? address - 1 : address;
  const GuestMapping* mapping = death_.mapping_at(place);
  if (!mapping) return "? (not mapped)";
  std::string where = mapping->name.empty() ? "anonymous memory" : mapping->name;
  Dwfl_Module* module = dwfl_ ? dwfl_addrmodule(dwfl_, place) : nullptr;
  GElf_Off offset = 0;
  GElf_Sym symbol;
  const char* name = module ? dwfl_module_addrinfo(module, place, &offset, &symbol, nullptr, nullptr, nullptr) : nullptr;
  if (!name) return fmt::format("? ({}+{:#x})", where, place - mapping->start + mapping->offset);
  return fmt::format("{}+{:#x}{} ({})", demangled(name), offset + (is_return ? 1 : 0), source_line(module, place), where);
}

}  // namespace halcyon::cli
