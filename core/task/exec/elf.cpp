#include "core/task/exec/elf.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/mm/vma.h"
#include "hal/isa/isa.h"

namespace halcyon {

namespace {

struct Header {
  std::array<uint8_t, 16> ident;
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, program_headers, section_headers;
  uint32_t flags;
  uint16_t size, program_header_size, program_header_count, section_header_size, section_header_count, names_index;
};
static_assert(sizeof(Header) == 64);

struct ProgramHeader {
  uint32_t type, flags;
  uint64_t offset, address, physical_address, file_size, memory_size, alignment;
};
static_assert(sizeof(ProgramHeader) == 56);

constexpr uint16_t type_exec = 2, type_dyn = 3;
constexpr uint32_t segment_load = 1, segment_interp = 3, segment_phdr = 6, segment_stack = 0x6474e551;
constexpr uint32_t flag_execute = 1, flag_write = 2, flag_read = 4;
constexpr size_t max_headers_size = 65536;  // ELF_MIN_ALIGN limit of binfmt_elf
constexpr size_t path_max = 4096;

// A read that ends early means a truncated file.
Result<> read_exactly(File& file, uint64_t offset, std::span<std::byte> buffer) {
  KernelSink sink(buffer);
  auto read = file.read_at(offset, sink);
  if (!read) return std::unexpected(read.error() == Errno::nomem ? Errno::nomem : Errno::io);
  if (*read != buffer.size()) return err::noexec;
  return {};
}

Result<> check_header(const Header& header, hal::Isa isa) {
  constexpr std::array<uint8_t, 4> magic = {0x7f, 'E', 'L', 'F'};
  constexpr uint8_t class_64 = 2, little_endian = 1;
  if (!std::equal(magic.begin(), magic.end(), header.ident.begin())) return err::noexec;
  if (header.ident[4] != class_64 || header.ident[5] != little_endian) return err::noexec;
  if (header.type != type_exec && header.type != type_dyn) return err::noexec;
  if (header.machine != hal::description(isa).elf_machine || header.program_header_size != sizeof(ProgramHeader)) return err::noexec;
  if (header.program_header_count == 0 || header.program_header_count * sizeof(ProgramHeader) > max_headers_size) return err::noexec;
  return {};
}

Result<> read_interpreter(File& file, const ProgramHeader& header, ElfImage& image) {
  if (!image.interpreter.is_empty()) return {};  // only the first counts
  if (header.file_size < 2 || header.file_size > path_max) return err::noexec;
  Vec<char> path;
  TRY(path.resize(header.file_size));
  TRY(read_exactly(file, header.offset, std::as_writable_bytes(path.span())));
  if (path.back() != '\0') return err::noexec;
  image.interpreter = TRY(String::copy(std::string_view(path.data())));
  if (image.interpreter.is_empty()) return err::noexec;
  return {};
}

Result<> add_segment(const ProgramHeader& header, ElfImage& image) {
  constexpr uint64_t limit = uint64_t{1} << 47;
  if (header.memory_size == 0) return {};
  if (header.file_size > header.memory_size) return err::inval;
  if (header.address >= limit || header.memory_size > limit - header.address) return err::inval;
  if (header.offset + header.file_size < header.offset || header.offset + header.file_size > INT64_MAX) return err::inval;
  if ((header.address & page_mask) != (header.offset & page_mask)) return err::inval;
  ElfSegment segment;
  segment.address = header.address;
  segment.memory_size = header.memory_size;
  segment.file_offset = header.offset;
  segment.file_size = header.file_size;
  if (header.flags & flag_read) segment.protection |= prot::read;
  if (header.flags & flag_write) segment.protection |= prot::write;
  if (header.flags & flag_execute) segment.protection |= prot::execute;
  if (header.alignment > image.alignment && (header.alignment & (header.alignment - 1)) == 0 && header.alignment <= uint64_t{1} << 30)
    image.alignment = header.alignment;
  UserAddr start = page_floor(segment.address);
  UserAddr end = page_ceil(segment.address + segment.memory_size);
  image.start = image.segments.is_empty() ? start : std::min(image.start, start);
  image.end = std::max(image.end, end);
  return image.segments.push(segment);
}

}  // namespace

Result<ElfImage> read_elf(File& file, hal::Isa isa) {
  Header header;
  TRY(read_exactly(file, 0, std::as_writable_bytes(std::span(&header, 1))));
  TRY(check_header(header, isa));
  Vec<ProgramHeader> headers;
  TRY(headers.resize(header.program_header_count));
  if (header.program_headers > INT64_MAX) return err::noexec;
  TRY(read_exactly(file, header.program_headers, std::as_writable_bytes(headers.span())));

  ElfImage image;
  image.is_position_independent = header.type == type_dyn;
  image.entry = header.entry;
  image.header_count = header.program_header_count;
  for (const ProgramHeader& program : headers) {
    Result<> done;
    if (program.type == segment_interp) done = read_interpreter(file, program, image);
    else if (program.type == segment_load) done = add_segment(program, image);
    else if (program.type == segment_stack) image.executable_stack = (program.flags & flag_execute) != 0;
    else if (program.type == segment_phdr) image.header_address = program.address;
    if (!done) return std::unexpected(done.error());
  }
  if (image.segments.is_empty()) return err::noexec;
  if (image.header_address == 0) {
    uint64_t size = headers.size() * sizeof(ProgramHeader);
    for (const ElfSegment& segment : image.segments) {
      if (header.program_headers < segment.file_offset || header.program_headers + size > segment.file_offset + segment.file_size) continue;
      image.header_address = segment.address + (header.program_headers - segment.file_offset);
      break;
    }
  }
  return image;
}

}  // namespace halcyon
