// PR_SET_MM: where a process's code, data, heap, stack, arguments and environment are said to lie, its auxiliary vector, and which file it
// executes: for programs that rebuild a process, and those that change their title. Nothing is mapped or moved.
#include "core/base/vec.h"
#include "core/mm/user_memory.h"
#include "core/task/process/process.h"
#include "fs/calls/open.h"
#include "syscalls/abi/abi.h"
#include "syscalls/arguments.h"
#include "syscalls/process/prctl.h"

namespace halcyon {

namespace {

// The order of the options, which begin with 1; and that of the members of struct prctl_mm_map.
enum Place : unsigned {
  code_start,
  code_end,
  data_start,
  data_end,
  stack_start,
  break_start,
  break_end,
  arguments_start,
  arguments_end,
  environment_start,
  environment_end,
  place_count
};
constexpr uint64_t set_auxiliary = 12, set_executable = 13, set_map = 14, get_map_size = 15;
constexpr uint32_t no_file = ~uint32_t{0};

struct MapLayout {
  uint64_t code_start, code_end, data_start, data_end, break_start, break_end, stack_start;
  uint64_t arguments_start, arguments_end, environment_start, environment_end;
  uint64_t auxiliary;
  uint32_t auxiliary_size, executable;
};
static_assert(sizeof(MapLayout) == 104);

using Places = std::array<UserAddr, place_count>;

Places places_of(AddressSpace& memory) {
  AddressSpace::ProgramInfo info = memory.program();
  AddressSpace::BreakRange heap = memory.break_range();
  return {info.code_start, info.code_end,        info.data_start,    info.data_end,          info.stack_start,    heap.start,
          heap.end,        info.arguments_start, info.arguments_end, info.environment_start, info.environment_end};
}

void set_places(AddressSpace& memory, const Places& places) {
  AddressSpace::ProgramInfo info = memory.program();
  info.code_start = places[code_start], info.code_end = places[code_end];
  info.data_start = places[data_start], info.data_end = places[data_end];
  info.stack_start = places[stack_start], info.break_start = places[break_start];
  info.arguments_start = places[arguments_start], info.arguments_end = places[arguments_end];
  info.environment_start = places[environment_start], info.environment_end = places[environment_end];
  memory.set_program(std::move(info));
  memory.set_break_range({places[break_start], places[break_end]});
}

bool is_user_address(AddressSpace& memory, uint64_t address) {
  return address >= memory.layout().min_address && address < memory.layout().user_end;
}

bool are_valid(Thread& self, const Places& places) {
  for (UserAddr place : places)
    if (!is_user_address(self.memory(), place)) return false;
  if (places[code_start] >= places[code_end] || places[data_start] > places[data_end] || places[break_start] > places[break_end] ||
      places[arguments_start] > places[arguments_end] || places[environment_start] > places[environment_end])
    return false;
  uint64_t limit = self.process().limit(Limit::data).soft;
  return limit == unlimited || places[break_end] - places[break_start] + places[data_end] - places[data_start] <= limit;
}

// What of the mappings matters: one that ends behind an address, one of the executable.
class MappingFinder final : public VmaVisitor {
 public:
  explicit MappingFinder(Inode* wanted) : wanted_(wanted) {}
  bool vma(const Vma& vma, const PageTables&) override {
    is_found_ = !wanted_ || (vma.file && vma.file->inode() == wanted_);
    return !is_found_;
  }
  bool is_found() const { return is_found_; }

 private:
  Inode* wanted_;  // null: any mapping
  bool is_found_ = false;
};

bool has_mapping(AddressSpace& memory, UserAddr from, Inode* of) {
  MappingFinder finder(of);
  memory.visit(finder, from);
  return finder.is_found();
}

// The vector with its first `size` bytes replaced. EINVAL, EFAULT, ENOMEM.
Result<Ref<AuxiliaryVector>> fetch_auxiliary(Thread& self, uint64_t address, uint64_t size) {
  Ref<AuxiliaryVector> next = TRY(make_ref<AuxiliaryVector>());
  Vec<uint64_t>& words = next->words;
  if (size > abi_of(self).description().auxiliary_words * sizeof(uint64_t)) return err::inval;
  TRY(words.resize(abi_of(self).description().auxiliary_words));
  AddressSpace::ProgramInfo info = self.memory().program();
  if (info.auxiliary) std::copy_n(info.auxiliary->words.begin(), std::min(info.auxiliary->words.size(), words.size()), words.begin());
  auto bytes = std::as_writable_bytes(words.span()).first(size);
  TRY(get_user_bytes(self.memory(), bytes, address));
  // It ends, whatever the program says, and what follows its end is not shown.
  words[words.size() - 2] = words[words.size() - 1] = 0;
  size_t end = 0;
  while (words[end] != 0) end += 2;
  TRY(words.resize(end + 2));
  return next;
}

void set_auxiliary_vector(Thread& self, Ref<AuxiliaryVector> next) {
  AddressSpace::ProgramInfo info = self.memory().program();
  info.auxiliary = std::move(next);
  self.memory().set_program(std::move(info));
}

Result<> store_auxiliary(Thread& self, uint64_t address, uint64_t size) {
  set_auxiliary_vector(self, TRY(fetch_auxiliary(self, address, size)));
  return {};
}

// EBADF, EACCES: not to be executed; EBUSY: the old one is still mapped.
Result<> store_executable(Thread& self, uint32_t fd) {
  if (static_cast<int>(fd) < 0) return err::badf;
  fs::Start start = TRY(start_at(self, DirFd{static_cast<int>(fd)}, "", at_flag::empty_path));
  Ref<File> file = TRY(fs::open_executable(caller_of(self), start, "", walk_flags(at_flag::empty_path)));
  AddressSpace::ProgramInfo info = self.memory().program();
  if (info.executable && has_mapping(self.memory(), 0, info.executable->inode())) return err::busy;
  info.executable = std::move(file);
  self.memory().set_program(std::move(info));
  return {};
}

Result<> store_map(Thread& self, uint64_t address, uint64_t size) {
  constexpr unsigned checkpoint_restore = 40;
  if (size != sizeof(MapLayout)) return err::inval;
  MapLayout map = TRY(get_user(self.memory(), UserPtr<const MapLayout>(address)));
  Places places = {map.code_start, map.code_end,        map.data_start,    map.data_end,          map.stack_start,    map.break_start,
                   map.break_end,  map.arguments_start, map.arguments_end, map.environment_start, map.environment_end};
  if (!are_valid(self, places)) return err::inval;
  Ref<AuxiliaryVector> vector;
  if (map.auxiliary_size != 0) {
    if (map.auxiliary == 0) return err::inval;
    vector = TRY(fetch_auxiliary(self, map.auxiliary, map.auxiliary_size));
  }
  if (map.executable != no_file) {
    const Credentials& who = self.credentials();
    if (!has_capability(who, capability::sys_admin) && !has_capability(who, checkpoint_restore)) return err::perm;
    TRY(store_executable(self, map.executable));
  }
  if (vector) set_auxiliary_vector(self, std::move(vector));
  set_places(self.memory(), places);
  return {};
}

Result<> store_place(Thread& self, uint64_t option, uint64_t address) {
  AddressSpace& memory = self.memory();
  if (!is_user_address(memory, address) || option == 0 || option > place_count) return err::inval;
  Places places = places_of(memory);
  places[option - 1] = address;
  if (!are_valid(self, places)) return err::inval;
  bool is_on_stack = option - 1 == stack_start || option - 1 >= arguments_start;
  if (is_on_stack && !has_mapping(memory, address, nullptr)) return err::fault;
  set_places(memory, places);
  return {};
}

}  // namespace

Result<uint64_t> set_memory_places(Thread& self, uint64_t option, uint64_t address, uint64_t size, uint64_t unused) {
  bool takes_size = option == set_auxiliary || option == set_map || option == get_map_size;
  if (unused != 0 || (size != 0 && !takes_size)) return err::inval;
  if (option == get_map_size) {
    auto stored = put_user(self.memory(), UserPtr<uint32_t>(address), uint32_t{sizeof(MapLayout)});
    if (!stored) return std::unexpected(stored.error());
    return 0;
  }
  Result<> done;
  if (option == set_map) done = store_map(self, address, size);
  else if (!has_capability(self.credentials(), capability::sys_resource)) done = err::perm;
  else if (option == set_executable) done = store_executable(self, static_cast<uint32_t>(address));
  else if (option == set_auxiliary) done = store_auxiliary(self, address, size);
  else done = store_place(self, option, address);
  if (!done) return std::unexpected(done.error());
  return 0;
}

}  // namespace halcyon
