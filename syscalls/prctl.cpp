// prctl, arch_prctl: settings of the calling thread and process.
#include <mutex>

#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

namespace pr {
constexpr int set_death_signal = 1, get_death_signal = 2, get_dumpable = 3, set_dumpable = 4, get_keep_capabilities = 7,
              set_keep_capabilities = 8;
constexpr int set_name = 15, get_name = 16, read_bounding_capability = 23, get_secure_bits = 27, set_timer_slack = 29, get_timer_slack = 30;
constexpr int set_subreaper = 36, get_subreaper = 37, set_no_new_privileges = 38, get_no_new_privileges = 39, get_tid_address = 40;
}  // namespace pr

constexpr uint64_t default_timer_slack = 50'000;

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

Result<uint64_t> set_keep_capabilities(Thread& self, uint64_t value) {
  if (value > 1) return err::inval;
  Ref<Credentials> next = TRY(self.credentials().copy());
  next->keep_capabilities = value != 0;
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
    case pr::get_keep_capabilities: return self.credentials().keep_capabilities;
    case pr::set_keep_capabilities: return set_keep_capabilities(self, a);
    case pr::set_name: return set_name(self, a);
    case pr::get_name: return get_name(self, a);
    case pr::read_bounding_capability:  // nothing ever leaves the bounding set
      if (a > capability::last) return err::inval;
      return 1;
    case pr::get_secure_bits: return self.credentials().keep_capabilities ? 1 << 4 : 0;
    case pr::set_timer_slack: self.timer_slack = a == 0 ? default_timer_slack : a.value; return 0;
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
