// Mapping an ELF image.
#include "core/mm/user_memory.h"
#include "core/task/exec/exec.h"

namespace halcyon {

namespace {

Result<> map_file_part(AddressSpace& memory, const Ref<File>& file, const ElfSegment& segment, UserAddr bias) {
  UserAddr start = page_floor(segment.address) + bias;
  uint64_t lead = segment.address & page_mask;
  MapRequest request;
  request.address = start;
  request.length = lead + segment.file_size;
  request.protection = segment.protection;
  request.fixed = true;
  request.file = file;
  request.offset = segment.file_offset - lead;
  static_cast<void>(TRY(memory.map(request)));
  return {};
}

Result<> map_zero_part(AddressSpace& memory, const ElfSegment& segment, UserAddr bias) {
  UserAddr file_end = segment.address + bias + segment.file_size;
  UserAddr end = segment.address + bias + segment.memory_size;
  UserAddr zero_start = segment.file_size ? page_ceil(file_end) : page_floor(file_end);
  if (page_ceil(end) > zero_start) {
    MapRequest request;
    request.address = zero_start;
    request.length = end - zero_start;
    request.protection = segment.protection;
    request.fixed = true;
    static_cast<void>(TRY(memory.map(request)));
  }
  // The whole rest of the last file page is zeroed if it can be written, also behind the segment's end: ld.so allocates there. A segment
  // without zero bytes, or one that is read-only, keeps what the file holds, as on Linux.
  if (segment.file_size && end > file_end && (segment.protection & prot::write) && zero_start > file_end) {
    size_t tail = zero_start - file_end;
    if (clear_user(memory, file_end, tail) != tail) return err::io;
  }
  return {};
}

// Returns what is added to the image's addresses.
Result<UserAddr> load_image(AddressSpace& memory, const Ref<File>& file, const ElfImage& image, UserAddr preferred) {
  UserAddr bias = 0;
  if (image.is_position_independent) {
    // The whole span is reserved, so that its parts end up side by side.
    uint64_t span = image.end - image.start;
    MapRequest reserve;
    reserve.address = preferred;
    reserve.length = span + (image.alignment - page_size);
    UserAddr base = TRY(memory.map(reserve));
    bias = align_up(base, image.alignment) - image.start;
    TRY(memory.unmap(base, reserve.length));
    reserve.address = image.start + bias;
    reserve.length = span;
    reserve.fixed = true;
    static_cast<void>(TRY(memory.map(reserve)));
  } else if (!memory.is_valid_range(image.start, image.end - image.start)) {
    return err::inval;
  }
  for (const ElfSegment& segment : image.segments) {
    if (segment.file_size) {
      TRY(map_file_part(memory, file, segment, bias));
    }
    TRY(map_zero_part(memory, segment, bias));
  }
  return bias;
}

}  // namespace

Result<LoadedProgram> load_program(AddressSpace& memory, Ref<File> executable, const ElfImage& image, Ref<File> interpreter,
                                   const ElfImage* interpreter_image) {
  UserAddr preferred = memory.layout().pie_base;
  UserAddr bias = TRY(load_image(memory, executable, image, preferred));
  LoadedProgram loaded;
  loaded.entry = loaded.start = image.entry + bias;
  loaded.program_headers = image.header_address ? image.header_address + bias : 0;
  loaded.header_count = image.header_count;
  loaded.executable_stack = image.executable_stack;
  if (interpreter_image) {
    UserAddr base = TRY(load_image(memory, interpreter, *interpreter_image, 0));
    loaded.interpreter_base = base;
    loaded.start = interpreter_image->entry + base;
  }
  AddressSpace::ProgramInfo info;
  info.executable = executable;
  UserAddr last = 0;
  for (const ElfSegment& segment : image.segments) {
    UserAddr start = segment.address + bias;
    UserAddr file_end = start + segment.file_size;
    if (segment.protection & prot::execute) {
      info.code_start = info.code_start ? std::min(info.code_start, start) : start;
      info.code_end = std::max(info.code_end, file_end);
    } else if (segment.protection & prot::write) {
      info.data_start = std::max(info.data_start, start);
      info.data_end = std::max(info.data_end, file_end);
    }
    last = std::max(last, start + segment.memory_size);
  }
  info.break_start = page_ceil(last);
  memory.place_break(info.break_start);
  memory.set_program(std::move(info));
  return loaded;
}

}  // namespace halcyon
