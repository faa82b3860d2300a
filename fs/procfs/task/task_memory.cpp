// /proc/PID/cmdline, environ and auxv: what a program was started with, as its memory holds it now.
#include "core/mm/user_memory.h"
#include "fs/procfs/task/task_texts.h"

namespace halcyon::fs {

namespace {

// Stops at what cannot be read.
void write_user(Writer& out, AddressSpace& memory, UserAddr start, UserAddr end) {
  std::array<std::byte, 512> bytes;
  while (start < end) {
    size_t wanted = std::min<uint64_t>(bytes.size(), end - start);
    size_t got = copy_from_user(memory, std::span(bytes).first(wanted), start);
    out.write({std::bit_cast<const char*>(bytes.data()), got});
    if (got < wanted) return;
    start += got;
  }
}

// A program that has written over the end of its arguments uses them, and the environment behind, for one text (setproctitle(3)).
void write_title(Writer& out, AddressSpace& memory, UserAddr start, UserAddr end) {
  std::array<char, page_size / 4> text;
  while (start < end) {
    size_t wanted = std::min<uint64_t>(text.size(), end - start);
    size_t got = copy_from_user(memory, std::as_writable_bytes(std::span(text).first(wanted)), start);
    std::string_view piece(text.data(), got);
    size_t nul = piece.find('\0');
    out.write(piece.substr(0, nul == std::string_view::npos ? nul : nul + 1));
    if (nul != std::string_view::npos || got < wanted) return;
    start += got;
  }
}

}  // namespace

Result<> write_command_line(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  AddressSpace* memory = state.resources.memory.get();
  if (!memory) return {};
  AddressSpace::ProgramInfo program = memory->program();
  if (program.arguments_start >= program.arguments_end) return {};
  std::byte last{};
  bool is_readable = copy_from_user(*memory, {&last, 1}, program.arguments_end - 1) == 1;
  bool is_title = is_readable && last != std::byte{0};
  UserAddr end = program.environment_start == program.arguments_end ? program.environment_end : program.arguments_end;
  if (is_title) write_title(out, *memory, program.arguments_start, end);
  else write_user(out, *memory, program.arguments_start, program.arguments_end);
  return {};
}

Result<> write_environment(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  if (!state.resources.memory) return {};
  AddressSpace::ProgramInfo program = state.resources.memory->program();
  write_user(out, *state.resources.memory, program.environment_start, program.environment_end);
  return {};
}

Result<> write_auxiliary(const Task& task, Writer& out) {
  TaskState state = TRY(task.look());
  if (!state.resources.memory) return {};
  AddressSpace::ProgramInfo program = state.resources.memory->program();
  if (!program.auxiliary) return {};
  auto bytes = std::as_bytes(program.auxiliary->words.span());
  out.write({std::bit_cast<const char*>(bytes.data()), bytes.size()});
  return {};
}

}  // namespace halcyon::fs
