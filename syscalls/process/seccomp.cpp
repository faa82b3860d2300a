// seccomp(2), and its part of prctl(2). There is no user notification: a filter that asks for a listener is refused.
#include "core/mm/user_memory.h"
#include "core/task/process/credentials.h"
#include "core/task/thread.h"
#include "syscalls/calls.h"
#include "syscalls/process/prctl.h"

namespace halcyon {

namespace {

constexpr uint32_t set_strict = 0, set_filter = 1, get_action_available = 2, get_notification_sizes = 3;

namespace filter_flag {
constexpr uint32_t on_all_threads = 1, log = 2, allow_speculation = 4, says_no_such_thread = 16;
constexpr uint32_t all = on_all_threads | log | allow_speculation | says_no_such_thread;
}  // namespace filter_flag

// struct sock_fprog.
struct ProgramLayout {
  uint16_t length;
  uint64_t instructions;
};

Result<Ref<SeccompFilter>> fetch_filter(Thread& self, uint64_t address) {
  ProgramLayout layout = TRY(get_user(self.memory(), UserPtr<const ProgramLayout>(address)));
  if (layout.length == 0 || layout.length > max_seccomp_instructions) return err::inval;
  if (!self.no_new_privileges && !has_capability(self.credentials(), capability::sys_admin)) return err::acces;
  if (layout.instructions == 0) return err::inval;
  Vec<BpfInstruction> program;
  TRY(program.resize(layout.length));
  auto bytes = std::as_writable_bytes(program.span());
  TRY(get_user_bytes(self.memory(), bytes, layout.instructions));
  return SeccompFilter::create(std::move(program));
}

Result<uint64_t> add_filter(Thread& self, uint32_t flags, uint64_t address) {
  if (flags & ~filter_flag::all) return err::inval;
  Ref<SeccompFilter> filter = TRY(fetch_filter(self, address));
  int other = TRY(add_seccomp_filter(self, std::move(filter), (flags & filter_flag::on_all_threads) != 0));
  if (other != 0 && (flags & filter_flag::says_no_such_thread)) return err::srch;
  return static_cast<uint64_t>(other);
}

Result<uint64_t> is_action_available(Thread& self, uint64_t address) {
  namespace action = seccomp_action;
  uint32_t wanted = TRY(get_user(self.memory(), UserPtr<const uint32_t>(address)));
  for (uint32_t available :
       {action::kill_process, action::kill_thread, action::trap, action::error, action::trace, action::log, action::allow})
    if (wanted == available) return 0;
  return err::opnotsupp;
}

Result<uint64_t> put_notification_sizes(Thread& self, uint64_t address) {
  constexpr std::array<uint16_t, 3> sizes = {80, 24, sizeof(SeccompData)};  // of the notification, the answer, the data
  TRY(put_user(self.memory(), UserPtr<std::array<uint16_t, 3>>(address), sizes));
  return 0;
}

}  // namespace

Result<uint64_t> sys_seccomp(Thread& self, SeccompOperation operation, SeccompFlags flags, Hex argument) {
  if (operation != set_filter && flags != 0) return err::inval;
  switch (operation) {
    case set_strict:
      if (argument != 0) return err::inval;
      TRY(enter_strict_seccomp(self));
      self.context().forbid_time_stamps(true);  // as Linux: no clock to measure others with
      return 0;
    case set_filter: return add_filter(self, flags, argument);
    case get_action_available: return is_action_available(self, argument);
    case get_notification_sizes: return put_notification_sizes(self, argument);
    default: return err::inval;
  }
}

Result<uint64_t> set_seccomp(Thread& self, uint64_t mode, uint64_t program) {
  constexpr uint64_t strict = 1, filter = 2;
  switch (mode) {
    case strict: return sys_seccomp(self, {set_strict}, {0}, {0});
    case filter: return sys_seccomp(self, {set_filter}, {0}, {program});
    default: return err::inval;
  }
}

}  // namespace halcyon
