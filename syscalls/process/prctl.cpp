// prctl, arch_prctl: settings of the calling thread and process.
#include <mutex>

#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

namespace pr {
constexpr int set_death_signal = 1, get_death_signal = 2, get_dumpable = 3, set_dumpable = 4, get_keep_capabilities = 7,
              set_keep_capabilities = 8;
constexpr int get_timing = 13, set_timing = 14, set_name = 15, get_name = 16, read_bounding_capability = 23, drop_bounding_capability = 24,
              get_secure_bits = 27, set_secure_bits = 28, set_timer_slack = 29, get_timer_slack = 30;
constexpr int set_subreaper = 36, get_subreaper = 37, set_no_new_privileges = 38, get_no_new_privileges = 39, get_tid_address = 40,
              ambient_capabilities = 47;
}  // namespace pr

Result<uint64_t> put(Thread& self, uint64_t address, int value) {
  if (auto stored = put_user(self.memory(), UserPtr<int>(address), value); !stored) return std::unexpected(stored.error());
  return 0;
}

// At most 15 characters; the rest is cut off.
Result<uint64_t> set_name(Thread& self, uint64_t address) {
  std::array<char, 16> name{};
  size_t copied = copy_from_user(self.memory(), std::as_writable_bytes(std::span(name)).first(15), address);
  auto end = std::find(name.begin(), name.begin() + copied, '\0');
  if (copied < 15 && end == name.begin() + copied) return err::fault;
  std::fill(end, name.end(), '\0');
  self.name = name;
  return 0;
}

Result<uint64_t> get_name(Thread& self, uint64_t address) {
  auto name = self.name;
  name.back() = '\0';
  if (auto stored = put_user(self.memory(), UserPtr<std::array<char, 16>>(address), name); !stored) return std::unexpected(stored.error());
  return 0;
}

Result<uint64_t> set_death_signal(Thread& self, uint64_t signal) {
  if (signal > signal_count) return err::inval;
  std::lock_guard guard(self.kernel().tree());
  self.process().parent_death_signal = static_cast<int>(signal);
  return 0;
}

Result<uint64_t> store_secure_bits(Thread& self, uint32_t bits) {
  Ref<Credentials> next = TRY(self.credentials().copy());
  next->secure_bits = bits;
  self.replace_credentials(std::move(next));
  return 0;
}

Result<uint64_t> set_keep_capabilities(Thread& self, uint64_t value) {
  constexpr uint32_t keep = secure_bit::keep_capabilities;
  uint32_t old = self.credentials().secure_bits;
  if (value > 1) return err::inval;
  if (old & keep << 1) return err::perm;
  return store_secure_bits(self, value != 0 ? old | keep : old & ~keep);
}

// What is locked stays as it is, and locked.
Result<uint64_t> set_secure_bits(Thread& self, uint64_t wanted) {
  uint32_t old = self.credentials().secure_bits;
  uint32_t locks = old & secure_bit::all_locks;
  if ((locks >> 1 & (old ^ wanted)) || (locks & ~wanted) || (wanted & ~uint64_t{secure_bit::all | secure_bit::all_locks})) return err::perm;
  if (!has_capability(self.credentials(), capability::setpcap)) return err::perm;
  return store_secure_bits(self, static_cast<uint32_t>(wanted));
}

Result<uint64_t> drop_bounding_capability(Thread& self, uint64_t number) {
  if (!has_capability(self.credentials(), capability::setpcap)) return err::perm;
  if (number > capability::last) return err::inval;
  Ref<Credentials> next = TRY(self.credentials().copy());
  next->bounding &= ~(uint64_t{1} << number);
  self.replace_credentials(std::move(next));
  return 0;
}

// PR_CAP_AMBIENT; `has_more`: of the unused arguments.
Result<uint64_t> change_ambient(Thread& self, uint64_t operation, uint64_t number, bool has_more) {
  constexpr uint64_t is_set = 1, raise = 2, lower = 3, clear_all = 4;
  if (has_more || (operation == clear_all ? number != 0 : number > capability::last)) return err::inval;
  const Credentials& old = self.credentials();
  uint64_t bit = uint64_t{1} << number;
  uint64_t ambient = old.ambient;
  switch (operation) {
    case is_set: return (ambient & bit) != 0;
    case raise:
      if (!(old.permitted & old.inheritable & bit) || (old.secure_bits & secure_bit::no_ambient_raise)) return err::perm;
      ambient |= bit;
      break;
    case lower: ambient &= ~bit; break;
    case clear_all: ambient = 0; break;
    default: return err::inval;
  }
  Ref<Credentials> next = TRY(old.copy());
  next->ambient = ambient;
  self.replace_credentials(std::move(next));
  return 0;
}

}  // namespace

Result<uint64_t> sys_prctl(Thread& self, PrctlOption option, Hex a, Hex b, Hex c, Hex d) {
  Process& process = self.process();
  bool has_more = b != 0 || c != 0 || d != 0;
  switch (option) {
    case pr::set_death_signal: return set_death_signal(self, a);
    case pr::get_death_signal: return put(self, a, process.parent_death_signal);
    case pr::get_dumpable: return process.is_dumpable.load();
    case pr::set_dumpable:
      if (a > 1) return err::inval;
      process.is_dumpable = a != 0;
      return 0;
    case pr::get_keep_capabilities: return (self.credentials().secure_bits & secure_bit::keep_capabilities) != 0;
    case pr::set_keep_capabilities: return set_keep_capabilities(self, a);
    case pr::set_name: return set_name(self, a);
    case pr::get_name: return get_name(self, a);
    case pr::get_timing: return 0;  // PR_TIMING_STATISTICAL, which is all there is
    case pr::set_timing: return a == 0 ? Result<uint64_t>(0) : err::inval;
    case pr::read_bounding_capability:
      if (a > capability::last) return err::inval;
      return self.credentials().bounding >> a & 1;
    case pr::drop_bounding_capability: return drop_bounding_capability(self, a);
    case pr::ambient_capabilities: return change_ambient(self, a, b, c != 0 || d != 0);
    case pr::get_secure_bits: return self.credentials().secure_bits;
    case pr::set_secure_bits: return set_secure_bits(self, a);
    case pr::set_timer_slack: self.timer_slack = a == 0 ? self.default_timer_slack : a.value; return 0;
    case pr::get_timer_slack: return self.timer_slack;
    case pr::set_subreaper: {
      std::lock_guard guard(self.kernel().tree());
      process.is_subreaper = a != 0;
      return 0;
    }
    case pr::get_subreaper: return put(self, a, process.is_subreaper);
    case pr::set_no_new_privileges:
      if (a != 1 || has_more) return err::inval;
      process.no_new_privileges = true;
      return 0;
    case pr::get_no_new_privileges:
      if (a != 0 || has_more) return err::inval;
      return process.no_new_privileges.load();
    case pr::get_tid_address: {
      auto stored = put_user(self.memory(), UserPtr<uint64_t>(a), self.clear_child_tid);
      if (!stored) return std::unexpected(stored.error());
      return 0;
    }
    default: return err::inval;
  }
}

Result<uint64_t> sys_arch_prctl(Thread& self, ArchPrctlOption option, Hex address) {
  constexpr int set_gs = 0x1001, set_fs = 0x1002, get_fs = 0x1003, get_gs = 0x1004;
  switch (option) {
    case set_gs:
    case set_fs:
      if (address >= self.memory().layout().user_end) return err::perm;
      self.context().set(option == set_fs ? hal::Reg::tls : hal::Reg::gs_base, address);
      return 0;
    case get_fs:
    case get_gs: {
      uint64_t base = self.context().get(option == get_fs ? hal::Reg::tls : hal::Reg::gs_base);
      if (auto stored = put_user(self.memory(), UserPtr<uint64_t>(address), base); !stored) return std::unexpected(stored.error());
      return 0;
    }
    default: return err::inval;
  }
}

}  // namespace halcyon
