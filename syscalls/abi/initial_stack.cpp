#include "syscalls/abi/initial_stack.h"

#include "syscalls/exec.h"

namespace halcyon {

namespace {

namespace aux {
constexpr uint64_t null = 0, phdr = 3, phent = 4, phnum = 5, pagesz = 6, base = 7, flags = 8, entry = 9, uid = 11, euid = 12, gid = 13,
                   egid = 14;
constexpr uint64_t platform = 15, hwcap = 16, clktck = 17, secure = 23, random = 25, hwcap2 = 26, execfn = 31, sysinfo_ehdr = 33,
                   minsigstksz = 51;
}  // namespace aux

// Grows downward from the top of the stack in a program that does not run yet.
class StackWriter {
 public:
  StackWriter(AddressSpace& memory, UserAddr top) : memory_(memory), sp_(top) {}
  Result<UserAddr> push(std::span<const std::byte> bytes) {
    sp_ -= bytes.size();
    if (copy_to_user(memory_, sp_, bytes) != bytes.size()) return err::nomem;
    return sp_;
  }
  Result<UserAddr> push_string(std::string_view text) {
    sp_ -= 1;  // the NUL: the page is zero
    return push(std::as_bytes(std::span(text)));
  }
  void align(uint64_t unit) { sp_ &= ~(unit - 1); }
  UserAddr sp() const { return sp_; }
  void move_to(UserAddr sp) { sp_ = sp; }

 private:
  AddressSpace& memory_;
  UserAddr sp_;
};

// Appends the addresses of the strings of a list that starts at `at`, and a null.
Result<> append_addresses(Vec<uint64_t>& words, const StringList& list, UserAddr at) {
  std::string_view rest(list.bytes.data(), list.bytes.size());
  while (!rest.empty()) {
    size_t length = rest.find('\0') + 1;
    TRY(words.push(at));
    at += length;
    rest.remove_prefix(length);
  }
  return words.push(0);
}

struct Placed {
  UserAddr file_name, platform, random;
};

Result<Ref<AuxiliaryVector>> make_auxiliary(Abi& abi, const StackContents& contents, const Placed& placed) {
  Ref<AuxiliaryVector> vector = TRY(make_ref<AuxiliaryVector>());
  const LoadedProgram& program = contents.program;
  const Credentials& who = *contents.credentials;
  const uint64_t entries[][2] = {{aux::sysinfo_ehdr, contents.vdso},
                                 {aux::minsigstksz, 2048},
                                 {aux::hwcap, abi.hardware_capabilities()},
                                 {aux::pagesz, page_size},
                                 {aux::clktck, 100},
                                 {aux::phdr, program.program_headers},
                                 {aux::phent, 56},
                                 {aux::phnum, program.header_count},
                                 {aux::base, program.interpreter_base},
                                 {aux::flags, 0},
                                 {aux::entry, program.entry},
                                 {aux::uid, who.uid},
                                 {aux::euid, who.euid},
                                 {aux::gid, who.gid},
                                 {aux::egid, who.egid},
                                 {aux::secure, contents.is_secure},
                                 {aux::random, placed.random},
                                 {aux::hwcap2, abi.more_hardware_capabilities()},
                                 {aux::execfn, placed.file_name},
                                 {aux::platform, placed.platform},
                                 {aux::null, 0}};
  for (const auto& entry : entries) {
    if (entry[0] == aux::platform && placed.platform == 0) continue;
    TRY(vector->words.append(entry));
  }
  return vector;
}

}  // namespace

Result<UserAddr> build_initial_stack(AddressSpace& memory, Abi& abi, const StackContents& contents) {
  const StringList& arguments = *contents.arguments;
  const StringList& environment = *contents.environment;
  UserAddr top = memory.layout().stack_top;
  uint64_t strings = arguments.bytes.size() + environment.bytes.size() + contents.file_name.size();
  uint64_t pointers = (arguments.count + environment.count + 64) * sizeof(uint64_t);
  constexpr uint64_t initial_size = 132 * 1024;
  MapRequest request;
  request.length = page_ceil(strings + pointers) + initial_size;
  if (contents.stack_limit < request.length && contents.stack_limit < strings + pointers + page_size) return err::toobig;
  request.address = top - request.length;
  request.fixed = true;
  request.protection = prot::read | prot::write | (contents.program.executable_stack ? prot::execute : 0);
  request.grows_down = true;
  request.name = "[stack]";
  static_cast<void>(TRY(memory.map(request)));

  StackWriter stack(memory, top - sizeof(uint64_t));
  Placed placed;
  placed.file_name = TRY(stack.push_string(contents.file_name));
  UserAddr environment_at = TRY(stack.push(std::as_bytes(environment.bytes.span())));
  UserAddr arguments_at = TRY(stack.push(std::as_bytes(arguments.bytes.span())));
  std::string_view platform = abi.description().platform;
  placed.platform = platform.empty() ? 0 : TRY(stack.push_string(platform));
  stack.align(16);
  placed.random = TRY(stack.push(contents.random));

  Vec<uint64_t> words;
  TRY(words.push(arguments.count));
  TRY(append_addresses(words, arguments, arguments_at));
  TRY(append_addresses(words, environment, environment_at));
  Ref<AuxiliaryVector> auxiliary = TRY(make_auxiliary(abi, contents, placed));
  TRY(words.append(auxiliary->words.span()));
  stack.move_to((stack.sp() - words.size() * sizeof(uint64_t)) & ~uint64_t{15});
  UserAddr sp = stack.sp();
  stack.move_to(sp + words.size() * sizeof(uint64_t));
  static_cast<void>(TRY(stack.push(std::as_bytes(words.span()))));

  AddressSpace::ProgramInfo info = memory.program();
  info.arguments_start = arguments_at;
  info.arguments_end = arguments_at + arguments.bytes.size();
  info.environment_start = environment_at;
  info.environment_end = environment_at + environment.bytes.size();
  info.stack_start = sp;
  info.auxiliary = std::move(auxiliary);
  memory.set_program(std::move(info));
  return sp;
}

}  // namespace halcyon
