// prctl: settings of the calling thread and process. Options of Linux 6.1 that are not here are EINVAL, each for a reason that Linux has,
// too:
//   of other ISAs       PR_{GET,SET}_{UNALIGN,FPEMU,FPEXC,ENDIAN,FP_MODE}, PR_SVE_*, PR_SME_*, PR_PAC_*, PR_{GET,SET}_TAGGED_ADDR_CTRL
//   not configured      PR_TASK_PERF_EVENTS_* (perf events), PR_SCHED_CORE (core scheduling), PR_SET_VMA (names of anonymous memory),
//                       PR_SET_PTRACER (Yama)
//   gone                PR_MPX_*
#include "syscalls/process/prctl.h"
#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/abi/abi.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

namespace pr {
constexpr int set_death_signal = 1, get_death_signal = 2, get_dumpable = 3, set_dumpable = 4, get_keep_capabilities = 7,
              set_keep_capabilities = 8;
constexpr int get_timing = 13, set_timing = 14, set_name = 15, get_name = 16, get_seccomp = 21, set_seccomp = 22,
              read_bounding_capability = 23, drop_bounding_capability = 24, get_time_stamp = 25, set_time_stamp = 26;
constexpr int get_secure_bits = 27, set_secure_bits = 28, set_timer_slack = 29, get_timer_slack = 30, set_memory_failure = 33,
              get_memory_failure = 34, set_memory_places = 35;
constexpr int set_subreaper = 36, get_subreaper = 37, set_no_new_privileges = 38, get_no_new_privileges = 39, get_tid_address = 40,
              set_huge_pages_refused = 41, get_huge_pages_refused = 42, ambient_capabilities = 47;
constexpr int get_speculation = 52, set_speculation = 53, set_io_flusher = 57, get_io_flusher = 58, set_user_dispatch = 59;
}  // namespace pr

Result<uint64_t> put(Thread& self, uint64_t address, int value) {
  TRY(put_user(self.memory(), UserPtr<int>(address), value));
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
  TRY(put_user(self.memory(), UserPtr<std::array<char, 16>>(address), name));
  return 0;
}

Result<uint64_t> get_tid_address(Thread& self, uint64_t address) {
  TRY(put_user(self.memory(), UserPtr<uint64_t>(address), self.clear_child_tid));
  return 0;
}

Result<uint64_t> set_subreaper(Thread& self, bool is_subreaper) {
  LockGuard guard(self.kernel().tree());
  self.process().is_subreaper = is_subreaper;
  return 0;
}

// PR_MCE_KILL. Memory does not fail here; what a thread wants then is kept.
Result<uint64_t> set_memory_failure(Thread& self, uint64_t operation, uint64_t policy, bool has_more) {
  constexpr uint64_t clear = 0, set = 1;
  if (has_more || operation > set || (operation == clear && policy != 0)) return err::inval;
  if (operation == clear) {
    self.memory_failure = MemoryFailure::standard;
  } else if (policy <= static_cast<uint64_t>(MemoryFailure::standard)) {
    self.memory_failure = static_cast<MemoryFailure>(policy);
  } else {
    // Linux notes first that there is a policy, and which it is once it has understood it.
    if (self.memory_failure == MemoryFailure::standard) self.memory_failure = MemoryFailure::late;
    return err::inval;
  }
  return 0;
}

// PR_SET_IO_FLUSHER: the thread is needed to write memory out. None is written out here.
Result<uint64_t> set_io_flusher(Thread& self, uint64_t value, bool has_more) {
  if (!has_capability(self.credentials(), capability::sys_resource)) return err::perm;
  if (value > 1 || has_more) return err::inval;
  self.is_io_flusher = value != 0;
  return 0;
}

Result<uint64_t> get_io_flusher(Thread& self, bool has_arguments) {
  if (!has_capability(self.credentials(), capability::sys_resource)) return err::perm;
  if (has_arguments) return err::inval;
  return self.is_io_flusher;
}

// Speculation is left as the CPU does it, as under Linux with mitigations=off. Not every ISA has such a control.
namespace speculation {
constexpr uint64_t store_bypass = 0, indirect_branch = 1, flush_l1d = 2;
constexpr uint64_t enable = 2, disable = 4, force_disable = 8;
}  // namespace speculation

Result<uint64_t> get_speculation(Thread& self, uint64_t which, bool has_more) {
  using namespace speculation;
  if (has_more || !abi_of(self).description().has_speculation_control) return err::inval;
  switch (which) {
    case store_bypass:
    case indirect_branch: return enable;
    case flush_l1d: return force_disable;
    default: return err::nodev;
  }
}

Result<uint64_t> set_speculation(Thread& self, uint64_t which, uint64_t control, bool has_more) {
  using namespace speculation;
  if (has_more || !abi_of(self).description().has_speculation_control) return err::inval;
  switch (which) {
    case store_bypass: return err::nxio;
    case indirect_branch:
      if (control == enable) return 0;
      return control == disable || control == force_disable ? err::perm : err::range;
    case flush_l1d: return err::perm;
    default: return err::nodev;
  }
}

namespace time_stamp {
constexpr int enable = 1, segv = 2;
}

// PR_SET_TSC, on x86_64: whether RDTSC works or ends in SIGSEGV.
Result<uint64_t> set_time_stamp(Thread& self, uint64_t value) {
  if (!abi_of(self).description().has_time_stamp_control || (value != time_stamp::enable && value != time_stamp::segv)) return err::inval;
  self.context().forbid_time_stamps(value == time_stamp::segv);
  return 0;
}

Result<uint64_t> get_time_stamp(Thread& self, uint64_t address) {
  if (!abi_of(self).description().has_time_stamp_control) return err::inval;
  return put(self, address, self.context().forbids_time_stamps() ? time_stamp::segv : time_stamp::enable);
}

// PR_SET_SYSCALL_USER_DISPATCH; Linux 6.1 has it on x86_64 only.
Result<uint64_t> set_user_dispatch(Thread& self, uint64_t mode, const UserDispatch& wanted) {
  constexpr uint64_t off = 0, on = 1;
  if (!abi_of(self).description().has_syscall_user_dispatch || mode > on) return err::inval;
  if (mode == off) {
    if (wanted.start != 0 || wanted.length != 0 || wanted.selector != 0) return err::inval;
    self.syscall_work.fetch_and(~syscall_work::dispatch, std::memory_order_relaxed);
    return 0;
  }
  if (wanted.start != 0 && wanted.start + wanted.length <= wanted.start) return err::inval;
  if (wanted.selector >= self.memory().layout().user_end) return err::fault;
  self.user_dispatch = wanted;
  self.syscall_work.fetch_or(syscall_work::dispatch, std::memory_order_relaxed);
  return 0;
}

// What is the process's or the user's, not the thread's alone.
Result<uint64_t> change_process(Thread& self, int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  Process& process = self.process();
  switch (option) {
    case pr::get_dumpable: return process.is_dumpable.load();
    case pr::set_dumpable:
      if (a > 1) return err::inval;
      process.is_dumpable = a != 0;
      return 0;
    case pr::get_keep_capabilities: return (self.credentials().secure_bits & secure_bit::keep_capabilities) != 0;
    case pr::set_keep_capabilities: return set_keep_capabilities(self, a);
    case pr::read_bounding_capability:
      if (a > capability::last) return err::inval;
      return self.credentials().bounding >> a & 1;
    case pr::drop_bounding_capability: return drop_bounding_capability(self, a);
    case pr::ambient_capabilities: return change_ambient(self, a, b, c != 0 || d != 0);
    case pr::get_secure_bits: return self.credentials().secure_bits;
    case pr::set_secure_bits: return set_secure_bits(self, a);
    case pr::set_subreaper: return set_subreaper(self, a != 0);
    case pr::get_subreaper: return put(self, a, process.is_subreaper);
    case pr::set_memory_places: return set_memory_places(self, a, b, c, d);
    case pr::set_huge_pages_refused:
      if (b != 0 || c != 0 || d != 0) return err::inval;
      self.memory().refuses_huge_pages = a != 0;
      return 0;
    case pr::get_huge_pages_refused:
      if (a != 0 || b != 0 || c != 0 || d != 0) return err::inval;
      return self.memory().refuses_huge_pages.load();
    default: return err::inval;
  }
}

}  // namespace

Result<uint64_t> sys_prctl(Thread& self, PrctlOption option, Hex a, Hex b, Hex c, Hex d) {
  bool has_more = b != 0 || c != 0 || d != 0;
  switch (option) {
    case pr::set_death_signal:
      if (a > signal_count) return err::inval;
      self.parent_death_signal = static_cast<int>(a);
      return 0;
    case pr::get_death_signal: return put(self, a, self.parent_death_signal);
    case pr::set_name: return set_name(self, a);
    case pr::get_name: return get_name(self, a);
    case pr::get_timing: return 0;  // PR_TIMING_STATISTICAL, which is all there is
    case pr::set_timing: return a == 0 ? Result<uint64_t>(0) : err::inval;
    case pr::get_seccomp: return static_cast<uint64_t>(self.seccomp.mode.load());
    case pr::set_seccomp: return set_seccomp(self, a, b);
    case pr::get_time_stamp: return get_time_stamp(self, a);
    case pr::set_time_stamp: return set_time_stamp(self, a);
    case pr::set_timer_slack: self.timer_slack = a == 0 ? self.default_timer_slack : a.value; return 0;
    case pr::get_timer_slack: return self.timer_slack;
    case pr::set_memory_failure: return set_memory_failure(self, a, b, c != 0 || d != 0);
    case pr::get_memory_failure:
      if (a != 0 || has_more) return err::inval;
      return static_cast<uint64_t>(self.memory_failure);
    case pr::set_no_new_privileges:
      if (a != 1 || has_more) return err::inval;
      self.no_new_privileges = true;
      return 0;
    case pr::get_no_new_privileges:
      if (a != 0 || has_more) return err::inval;
      return self.no_new_privileges.load();
    case pr::get_tid_address: return get_tid_address(self, a);
    case pr::get_speculation: return get_speculation(self, a, has_more);
    case pr::set_speculation: return set_speculation(self, a, b, c != 0 || d != 0);
    case pr::set_io_flusher: return set_io_flusher(self, a, has_more);
    case pr::get_io_flusher: return get_io_flusher(self, a != 0 || has_more);
    case pr::set_user_dispatch: return set_user_dispatch(self, a, {b, c, d});
    default: return change_process(self, option, a, b, c, d);
  }
}

}  // namespace halcyon
