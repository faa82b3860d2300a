// execve: from a path to a loaded program. Scripts ("#!") are followed up to four levels, each putting its interpreter before the
// arguments.
#include "syscalls/exec.h"

#include "core/base/lock_guard.h"
#include "core/file/inode.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "fs/calls/open.h"
#include "fs/files/notify.h"
#include "syscalls/abi/abi.h"
#include "syscalls/abi/initial_stack.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"

namespace halcyon {

Result<> StringList::add(std::string_view text) {
  TRY(bytes.append({text.data(), text.size()}));
  TRY(bytes.push('\0'));
  ++count;
  return {};
}

namespace {

constexpr size_t script_line_max = 256;  // BINPRM_BUF_SIZE
constexpr unsigned script_depth = 5;
constexpr size_t max_string = 32 * page_size;  // MAX_ARG_STRLEN

struct ScriptLine {
  std::array<char, script_line_max> text;
  std::string_view interpreter;
  std::string_view argument;  // empty: none
};

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The first line of a file that starts with "#!". What goes beyond its maximum is ignored as long as it is only the argument that is cut
// off. ENOEXEC if it names no interpreter or is cut off within its name; EACCES, as Linux says since 5.1, if the file ends where the name
// should begin.
Result<> parse_script(std::string_view start, ScriptLine& script) {
  start.copy(script.text.data(), script.text.size());
  std::string_view line(script.text.data(), std::min(start.size(), script.text.size()));
  line.remove_prefix(2);
  size_t end = line.find('\n');
  bool is_cut = end == std::string_view::npos && start.size() >= script_line_max;
  line = line.substr(0, is_cut ? line.size() - 1 : end);
  bool has_end = end != std::string_view::npos;
  if (size_t nul = line.find('\0'); nul != std::string_view::npos) line = line.substr(0, nul), is_cut = has_end = false;
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  size_t name_end = 0;
  while (name_end < line.size() && !is_blank(line[name_end])) ++name_end;
  if (name_end == 0 && !has_end && !is_cut) return err::acces;
  if (name_end == 0 || (is_cut && name_end == line.size())) return err::noexec;
  script.interpreter = line.substr(0, name_end);
  script.argument = line.substr(name_end);
  while (!script.argument.empty() && is_blank(script.argument.back())) script.argument.remove_suffix(1);
  while (!script.argument.empty() && is_blank(script.argument.front())) script.argument.remove_prefix(1);
  return {};
}

// argv becomes: interpreter, its argument, the script's path, then argv[1] on.
Result<> insert_script(StringList& arguments, const ScriptLine& script, std::string_view path) {
  StringList next;
  TRY(next.add(script.interpreter));
  if (!script.argument.empty()) {
    TRY(next.add(script.argument));
  }
  TRY(next.add(path));
  std::string_view rest(arguments.bytes.data(), arguments.bytes.size());
  if (arguments.count > 0) {
    rest.remove_prefix(rest.find('\0') + 1);
    next.count += arguments.count - 1;
  }
  TRY(next.bytes.append({rest.data(), rest.size()}));
  arguments = std::move(next);
  return {};
}

Result<size_t> read_start(File& file, std::span<char> buffer) {
  KernelSink sink(std::as_writable_bytes(buffer));
  auto got = file.read_at(0, sink);
  if (got && *got > 0) fs::note(file, event::access);
  return got;
}

// setuid and setgid bits of the file that is executed at last (execve(2)).
Result<Ref<const Credentials>> credentials_for(const fs::Caller& caller, File& file, bool no_new_privileges) {
  Ref<Credentials> next = TRY(caller.who.copy());
  Attributes attributes = TRY(file.attributes());
  const fs::Path* place = file.location();
  bool honours = !no_new_privileges && (!place || !(place->mount->flags() & fs::mount_flag::no_suid));
  if (honours && (attributes.permissions & mode::set_uid)) next->euid = attributes.uid;
  if (honours && (attributes.permissions & mode::set_gid) && (attributes.permissions & mode::group_execute)) next->egid = attributes.gid;
  next->suid = next->fsuid = next->euid;
  next->sgid = next->fsgid = next->egid;
  // "Transformation of capabilities during execve()" (capabilities(7)) for files without capabilities of their own.
  bool is_root = !(next->secure_bits & secure_bit::no_root) && (next->euid == 0 || next->uid == 0);
  bool is_privileged = next->euid != caller.who.euid || next->egid != caller.who.egid;
  if (is_privileged) next->ambient = 0;
  next->permitted = (is_root ? next->inheritable | next->bounding : 0) | next->ambient;
  next->effective = is_root && next->euid == 0 ? next->permitted : next->ambient;
  next->secure_bits &= ~secure_bit::keep_capabilities;
  return Ref<const Credentials>(std::move(next));
}

std::string_view last_component(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

struct Opened {
  Ref<File> file;
  ElfImage image;
};

// Opens the program, follows scripts, reads the ELF headers.
Result<Opened> open_program(const fs::Caller& caller, hal::Isa isa, ExecRequest& request, ScriptLine& script, String* missing) {
  Opened opened;
  opened.file = TRY(fs::open_executable(caller, request.start, request.path, request.walk));
  std::string_view path = request.file_name;
  String script_path;
  for (unsigned depth = 0;; ++depth) {
    std::array<char, script_line_max> start;
    size_t size = TRY(read_start(*opened.file, start));
    std::string_view text(start.data(), size);
    if (!text.starts_with("#!")) break;
    if (depth >= script_depth) return err::loop;
    TRY(parse_script(text, script));
    TRY(insert_script(request.arguments, script, path));
    auto interpreter = fs::open_executable(caller, {}, script.interpreter, fs::walk_flag::follow);
    if (!interpreter) {
      if (missing && interpreter.error() == Errno::noent) *missing = TRY(String::copy(script.interpreter));
      return std::unexpected(interpreter.error());
    }
    opened.file = *std::move(interpreter);
    script_path = TRY(String::copy(script.interpreter));
    path = script_path.view();
  }
  opened.image = TRY(read_elf(*opened.file, isa));
  return opened;
}

}  // namespace

Result<NewProgram> prepare_program(const fs::Caller& caller, hal::Machine& machine, Abi& abi, const ResourceLimits& limits,
                                   ExecRequest& request, String* missing) {
  ScriptLine script;
  Opened program = TRY(open_program(caller, machine.isa(), request, script, missing));
  Ref<File> interpreter;
  ElfImage interpreter_image;
  if (!program.image.interpreter.is_empty()) {
    auto opened = fs::open_executable(caller, {}, program.image.interpreter.view(), fs::walk_flag::follow);
    if (!opened) {
      if (missing) *missing = TRY(String::copy(program.image.interpreter.view()));
      return std::unexpected(opened.error());
    }
    interpreter = *std::move(opened);
    auto read = read_elf(*interpreter, machine.isa());
    // A program's interpreter that is no good is ELIBBAD on Linux.
    if (!read) return read.error() == Errno::noexec ? err::libbad : std::unexpected(read.error());
    interpreter_image = *std::move(read);
  }
  NewProgram next;
  next.memory = TRY(AddressSpace::create(machine));
  auto limit = [&](Limit which) { return limits[static_cast<unsigned>(which)].soft; };
  next.memory->set_limits(limit(Limit::address_space), limit(Limit::data), limit(Limit::stack));
  bool has_interpreter = static_cast<bool>(interpreter);
  LoadedProgram loaded =
      TRY(load_program(*next.memory, program.file, program.image, interpreter, has_interpreter ? &interpreter_image : nullptr));
  // As on Linux, only the program itself stays protected from being written to.
  if (interpreter) interpreter->allow_writes();
  StackContents contents;
  contents.vdso = TRY(abi.vdso().map(*next.memory));
  next.credentials = TRY(credentials_for(caller, *program.file, request.no_new_privileges));
  contents.arguments = &request.arguments;
  contents.environment = &request.environment;
  contents.file_name = request.file_name;
  contents.program = loaded;
  contents.is_secure = next.credentials->euid != next.credentials->uid || next.credentials->egid != next.credentials->gid;
  contents.credentials = next.credentials.get();
  contents.stack_limit = limit(Limit::stack);
  machine.random(contents.random);
  next.start = loaded.start;
  next.stack_pointer = TRY(build_initial_stack(*next.memory, abi, contents));
  next.name = last_component(request.file_name);
  return next;
}

namespace {

// An array of string pointers that ends in null; a null array is empty (as Linux takes it). E2BIG.
Result<> fetch_strings(Thread& self, UserPtr<const uint64_t> from, size_t limit, StringList& to) {
  if (!from) return {};
  for (uint64_t index = 0;; ++index) {
    uint64_t string = TRY(get_user(self.memory(), from.at(index)));
    if (!string) return {};
    auto fetched = get_user_string(self.memory(), string, max_string, to.bytes);
    if (!fetched) return std::unexpected(fetched.error() == Errno::nametoolong ? Errno::toobig : fetched.error());
    TRY(to.bytes.push('\0'));
    ++to.count;
    if (to.bytes.size() + to.count * sizeof(uint64_t) > limit) return err::toobig;
  }
}

Result<uint64_t> execute(Thread& self, DirFd dir, UserPtr<const char> path, UserPtr<const uint64_t> arguments,
                         UserPtr<const uint64_t> environment, uint32_t flags) {
  PathArgument text;
  TRY(text.fetch(self, path));
  ExecRequest request;
  request.start = TRY(start_at(self, dir, text.view(), flags));
  request.path = text.view();
  request.walk = walk_flags(flags);
  request.no_new_privileges = self.no_new_privileges.load();
  FixedText<fs::path_max + 32> name;
  if (dir == at_cwd || text.view().starts_with('/')) name.write(text.view());
  else if (text.view().empty()) print(name, "/dev/fd/{}", dir.value);
  else print(name, "/dev/fd/{}/{}", dir.value, text.view());
  request.file_name = name.view();

  ResourceLimits limits;
  {
    LockGuard guard(self.process().limits_lock);
    limits = self.process().limits;
  }
  // A quarter of the stack, at least 32 pages, at most 6 MiB (execve(2), "Limits on size of arguments and environment").
  uint64_t stack = limits[static_cast<unsigned>(Limit::stack)].soft;
  size_t limit = std::clamp<uint64_t>(stack / 4, max_string, 6 << 20);
  TRY(fetch_strings(self, arguments, limit, request.arguments));
  if (auto fetched = fetch_strings(self, environment, limit - std::min(limit, request.arguments.bytes.size()), request.environment);
      !fetched)
    return std::unexpected(fetched.error());
  if (request.arguments.count == 0) {
    TRY(request.arguments.add(""));
  }
  NewProgram next = TRY(prepare_program(caller_of(self), self.kernel().machine(), abi_of(self), limits, request, nullptr));
  return as_result(replace_program(self, std::move(next)));
}

}  // namespace

Result<uint64_t> sys_execve(Thread& self, UserPtr<const char> path, UserPtr<const uint64_t> arguments,
                            UserPtr<const uint64_t> environment) {
  return execute(self, DirFd{at_cwd}, path, arguments, environment, 0);
}

Result<uint64_t> sys_execveat(Thread& self, DirFd dir, UserPtr<const char> path, UserPtr<const uint64_t> arguments,
                              UserPtr<const uint64_t> environment, AtFlags flags) {
  if (flags & ~(at_flag::empty_path | at_flag::symlink_nofollow)) return err::inval;
  return execute(self, dir, path, arguments, environment, flags);
}

}  // namespace halcyon
