// The system as a whole: its names, its memory and load, randomness, writing files through, turning it off.
#include "core/base/lock_guard.h"
#include "core/base/version.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/abi/abi.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/time/time.h"

namespace halcyon {

namespace {

// struct new_utsname.
struct UtsnameLayout {
  using Field = std::array<char, 65>;
  Field system, node, release, version, machine, domain;
};
static_assert(sizeof(UtsnameLayout) == 390);

// struct sysinfo.
struct SysinfoLayout {
  int64_t uptime;
  uint64_t loads[3];
  uint64_t total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
  uint16_t processes;
  uint64_t total_high, free_high;
  uint32_t unit;
};
static_assert(sizeof(SysinfoLayout) == 112);

void set(UtsnameLayout::Field& field, std::string_view text) { text.copy(field.data(), field.size() - 1); }

// sethostname(2) and setdomainname(2).
Result<uint64_t> set_name(Thread& self, UtsnameLayout::Field& name, ChangeCounter& changes, UserPtr<const char> from, size_t length) {
  if (!has_capability(self.credentials(), capability::sys_admin)) return err::perm;
  UtsnameLayout::Field next{};
  if (length >= next.size()) return err::inval;
  auto bytes = std::as_writable_bytes(std::span(next)).first(length);
  TRY(get_user_bytes(self.memory(), bytes, from.address()));
  {
    LockGuard guard(self.kernel().names_lock);
    name = next;
  }
  changes.count();
  return 0;
}

// Returns to nobody: the caller is among those who are to die.
uint64_t end_system(Thread& self, Ending ending) {
  static_cast<void>(caller_of(self).vfs().sync());
  Kernel& kernel = self.kernel();
  LockGuard guard(kernel.tree());
  kernel.shut_down(exited_status(0), ending);
  return 0;
}

}  // namespace

Result<uint64_t> sys_uname(Thread& self, UserPtr<UserUtsname> user_name) {
  UtsnameLayout name{};
  set(name.system, os_type);
  if (self.personality & personality::uname26) {
    // For programs that cannot read more than one digit: 6.1 is what 2.6.61 would have been.
    FixedText<65> release;
    print(release, "2.6.61{}", os_release.substr(std::min(os_release.find_first_not_of("0123456789."), os_release.size())));
    set(name.release, release.view());
  } else {
    set(name.release, os_release);
  }
  set(name.version, os_version);
  set(name.machine, abi_of(self).description().name);
  {
    Kernel& kernel = self.kernel();
    LockGuard guard(kernel.names_lock);
    name.node = kernel.host_name;
    name.domain = kernel.domain_name;
  }
  TRY(put_user(self.memory(), user_name.as<UtsnameLayout>(), name));
  return 0;
}

Result<uint64_t> sys_personality(Thread& self, PersonalityFlags flags) {
  constexpr uint32_t query = 0xffff'ffff;
  uint32_t old = self.personality;
  if (flags != query) self.personality = flags;
  return old;
}

Result<uint64_t> sys_sethostname(Thread& self, UserPtr<const char> name, size_t length) {
  return set_name(self, self.kernel().host_name, self.kernel().host_name_changes, name, length);
}

Result<uint64_t> sys_setdomainname(Thread& self, UserPtr<const char> name, size_t length) {
  return set_name(self, self.kernel().domain_name, self.kernel().domain_name_changes, name, length);
}

Result<uint64_t> sys_sysinfo(Thread& self, UserPtr<UserSysinfo> user_info) {
  Kernel& kernel = self.kernel();
  SysinfoLayout info{};
  info.uptime = kernel.clock().monotonic() / second;
  auto loads = kernel.load_averages();
  std::copy(loads.begin(), loads.end(), info.loads);
  info.total_ram = kernel.frames().total_pages() * page_size;
  info.free_ram = kernel.frames().free_pages() * page_size;
  info.processes = static_cast<uint16_t>(std::min<uint64_t>(kernel.thread_count.load(), UINT16_MAX));
  info.unit = 1;
  TRY(put_user(self.memory(), user_info.as<SysinfoLayout>(), info));
  return 0;
}

Result<uint64_t> sys_getrandom(Thread& self, UserPtr<std::byte> buffer, size_t length, RandomFlags flags) {
  constexpr uint32_t nonblock = 1, random = 2, insecure = 4;
  if (flags & ~(nonblock | random | insecure)) return err::inval;
  if ((flags & random) && (flags & insecure)) return err::inval;
  UserSink out{self.memory(), buffer, std::min<size_t>(length, INT32_MAX)};
  std::array<std::byte, 256> bytes;
  Result<size_t> stored = 0;
  while (stored && out.remaining() > 0) {
    auto piece = std::span(bytes).first(std::min(bytes.size(), out.remaining()));
    self.kernel().machine().random(piece);
    stored = out.write(piece);
    if (!stored || *stored < piece.size()) break;
    // A large request makes room for others, and ends when a signal comes.
    if (out.done() % page_size == 0 && !make_way(Interruptible::yes)) break;
  }
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
  return stored ? Result<uint64_t>(out.done()) : moved_or(out.done(), stored.error());
}

// Emulated CPUs notice a program's stores to its own code by themselves, so that the check of the flags is all there is to do. (A CPU with
// an instruction cache that does not would need FENCE.I on every hart here.)
Result<uint64_t> sys_riscv_flush_icache(Thread& self, Hex start, Hex end, Hex flags) {
  constexpr uint64_t local = 1;
  if (flags & ~local) return err::inval;
  self.memory().sync_code(start, end);
  return 0;
}

Result<uint64_t> sys_sync(Thread& self) {
  static_cast<void>(caller_of(self).vfs().sync());
  return 0;
}

// A file without a place in the tree belongs to no file system that could hold back anything; one that the host gave has its own sync.
Result<uint64_t> sys_syncfs(Thread& self, Fd fd) {
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  if (const fs::Path* place = file->location()) return as_result(place->mount->file_system().sync());
  auto synced = file->sync();
  return synced || synced.error() == Errno::inval ? 0 : as_result(synced);
}

Result<uint64_t> sys_reboot(Thread& self, Hex magic, Hex magic2, Hex command, Hex) {
  constexpr uint32_t first_magic = 0xfee1dead, second_magics[] = {672274793, 85072278, 369367448, 537993216};
  constexpr uint32_t restart = 0x01234567, halt = 0xcdef0123, power_off = 0x4321fedc, restart_with_command = 0xa1b2c3d4;
  constexpr uint32_t cad_on = 0x89abcdef, cad_off = 0;
  if (!has_capability(self.credentials(), capability::sys_boot)) return err::perm;
  if (static_cast<uint32_t>(magic) != first_magic) return err::inval;
  if (std::find(std::begin(second_magics), std::end(second_magics), static_cast<uint32_t>(magic2)) == std::end(second_magics))
    return err::inval;
  switch (static_cast<uint32_t>(command)) {
    case cad_on:
    case cad_off: return 0;
    case restart:
    case restart_with_command: return end_system(self, Ending::restart);
    case halt: return end_system(self, Ending::halt);
    case power_off: return end_system(self, Ending::power_off);
    default: return err::inval;
  }
}

}  // namespace halcyon
