// What can be wrong with a program's segments, in words. The kernel refuses most of it, too, but with one errno for all; Linux would load a
// file that is cut short or whose segments cover each other, and the program would die of it.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "cli/elf/elf_file.h"
#include "hal/isa/isa.h"

namespace halcyon::cli {
namespace {

using Segment = ElfFile::Segment;

constexpr uint64_t page_size = 4096;
constexpr uint64_t much_memory = uint64_t{1} << 30;  // as much as --memory gives by default
constexpr unsigned executable = 1, writable = 2;

bool overlap(const Segment& one, const Segment& other) {
  return one.address < other.address + other.memory_size && other.address < one.address + one.memory_size;
}

// Empty if nothing is. `number` counts from 1.
std::string problem_of(const Segment& segment, size_t number, uint64_t file_size, uint64_t limit) {
  if (segment.file_size > segment.memory_size) return fmt::format("its segment {} is larger in the file than in memory", number);
  if (segment.address >= limit || segment.memory_size > limit - segment.address) {
    return fmt::format("its segment {} of {:#x} bytes at {:#x} reaches beyond the addresses of a program", number, segment.memory_size,
                       segment.address);
  }
  if (segment.offset > file_size || segment.file_size > file_size - segment.offset) {
    return fmt::format("it is cut short: its segment {} ends at byte {} of the file, which has {}", number,
                       segment.offset + segment.file_size, file_size);
  }
  if (segment.address % page_size != segment.offset % page_size)
    return fmt::format("its segment {} at {:#x} cannot be mapped from {:#x} in the file", number, segment.address, segment.offset);
  return {};
}

void note_oddities(ElfFile& file) {
  uint64_t memory = 0;
  bool is_entry_executable = false;
  for (size_t index = 0; index < file.segments.size(); ++index) {
    const Segment& segment = file.segments[index];
    size_t number = index + 1;
    memory += segment.memory_size;
    if (segment.flags & executable && file.entry >= segment.address && file.entry - segment.address < segment.memory_size)
      is_entry_executable = true;
    if ((segment.flags & (writable | executable)) == (writable | executable))
      file.oddities.push_back(fmt::format("segment {} is writable and executable", number));
    if (segment.flags == 0) file.oddities.push_back(fmt::format("segment {} permits no access", number));
    if (segment.alignment > 1 && !std::has_single_bit(segment.alignment))
      file.oddities.push_back(fmt::format("segment {} has an alignment of {:#x}, which is no power of two", number, segment.alignment));
    if (index > 0 && segment.address < file.segments[index - 1].address)
      file.oddities.push_back(fmt::format("segment {} lies before the one that precedes it", number));
  }
  if (file.has_executable_stack) file.oddities.emplace_back("it wants an executable stack");
  if (!is_entry_executable) file.oddities.push_back(fmt::format("its entry {:#x} is in no executable segment", file.entry));
  if (memory > much_memory) file.oddities.push_back(fmt::format("it may use {} MiB of memory; see --memory", memory >> 20));
}

}  // namespace

void check_segments(ElfFile& file, uint64_t file_size) {
  uint64_t limit = hal::description(*file.isa).user_end;
  std::erase_if(file.segments, [](const Segment& segment) { return segment.memory_size == 0 && segment.file_size == 0; });
  for (size_t index = 0; index < file.segments.size(); ++index) {
    file.problem = problem_of(file.segments[index], index + 1, file_size, limit);
    if (!file.problem.empty()) return;
    for (size_t earlier = 0; earlier < index; ++earlier) {
      if (!overlap(file.segments[earlier], file.segments[index])) continue;
      file.problem = fmt::format("its segments {} and {} overlap", earlier + 1, index + 1);
      return;
    }
  }
  if (file.segments.empty()) file.problem = "it has no segments to load";
  else note_oddities(file);
}

}  // namespace halcyon::cli
