// System calls that are more than their handlers: somebody watches them (strace), the program wants to see them itself
// (PR_SET_SYSCALL_USER_DISPATCH), or filters decide about them (seccomp(2)). In this order, as on Linux.
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/abi/abi.h"

namespace halcyon {

void Abi::syscall_with_work(Thread& self, uint64_t number) {
  uint32_t work = self.syscall_work.load(std::memory_order_acquire);
  hal::UserContext& context = self.context();
  if ((work & syscall_work::dispatch) && redirect_to_user(self, number)) return;
  SyscallObserver* observer = self.kernel().observer();
  if (observer) {
    self.first_argument = context.get(hal::Reg::arg0);
    observer->enter(self, number);
  }
  uint64_t answer = 0;
  Verdict verdict = work & syscall_work::seccomp ? ask_seccomp(self, number, answer) : Verdict::carry_out;
  if (verdict == Verdict::abandon) answer = context.get(hal::Reg::result);  // as it was
  Result<uint64_t> result = answer;
  if (verdict == Verdict::carry_out) {
    const SyscallEntry* entry = find_syscall(table_, number);
    result = entry ? entry->call(self) : err::nosys;
  }
  bool sets_registers = !result && result.error() == registers_are_set;
  if (observer) observer->leave(self, number, sets_registers ? 0 : result ? *result : -static_cast<uint64_t>(result.error()));
  if (result) context.finish_syscall(*result);
  else finish_failed(self, result.error());
}

SignalInfo Abi::bad_call(Thread& self, uint64_t number, int code) const {
  SignalInfo info;
  info.number = sig::sys;
  info.code = code;
  info.address = self.context().get(hal::Reg::pc);
  info.system_call = static_cast<int>(number);
  info.architecture = description().audit_architecture;
  return info;
}

// True: the call does not take place; the program gets a SIGSYS.
bool Abi::redirect_to_user(Thread& self, uint64_t number) {
  constexpr char allow = 0, block = 1;
  const UserDispatch& dispatch = self.user_dispatch;
  hal::UserContext& context = self.context();
  if (context.get(hal::Reg::pc) - dispatch.start < dispatch.length) return false;
  if (dispatch.selector) {
    auto selected = get_user(self.memory(), UserPtr<const char>(dispatch.selector));
    if (selected && *selected == allow) return false;
    if (!selected || *selected != block) {
      self.process().begin_exit(killed_status(selected ? sig::sys : sig::segv));
      return true;
    }
  }
  context.finish_syscall(context.get(hal::Reg::result));
  self.force_signal(bad_call(self, number, si_code::sys_user_dispatch));
  return true;
}

Abi::Verdict Abi::ask_seccomp(Thread& self, uint64_t number, uint64_t& answer) {
  if (self.seccomp.mode.load(std::memory_order_relaxed) == SeccompState::Mode::filter) return ask_filters(self, number, answer);
  const SyscallEntry* entry = find_syscall(table_, number);
  for (std::string_view allowed : {"read", "write", "exit", "rt_sigreturn"})
    if (entry && entry->name == allowed) return Verdict::carry_out;
  self.request_exit(killed_status(sig::kill));
  return Verdict::abandon;
}

Abi::Verdict Abi::ask_filters(Thread& self, uint64_t number, uint64_t& answer) {
  constexpr uint32_t max_errno = 4095;
  hal::UserContext& context = self.context();
  SeccompData data{static_cast<int32_t>(number), description().audit_architecture, context.get(hal::Reg::pc), {}};
  for (unsigned index = 0; index < data.arguments.size(); ++index) data.arguments[index] = context.get(hal::argument(index));
  uint32_t decision = self.seccomp.newest.load(std::memory_order_acquire)->decide(data);
  uint32_t value = decision & seccomp_action::data_mask;
  SignalInfo info = bad_call(self, number, si_code::sys_seccomp);
  info.error = static_cast<int>(value);
  switch (decision & seccomp_action::action_mask) {
    case seccomp_action::allow:
    case seccomp_action::log: return Verdict::carry_out;
    case seccomp_action::error: answer = -uint64_t{std::min(value, max_errno)}; return Verdict::answer;
    case seccomp_action::trace:        // there is no tracer,
    case seccomp_action::user_notify:  // and nobody listens
      answer = -static_cast<uint64_t>(Errno::nosys);
      return Verdict::answer;
    case seccomp_action::trap: self.force_signal(info); return Verdict::abandon;
    case seccomp_action::kill_thread:
      if (self.process().live_threads.load(std::memory_order_acquire) > 1) {
        self.request_exit(killed_status(sig::sys));
        return Verdict::abandon;
      }
      [[fallthrough]];
    default:
      if (SyscallObserver* observer = self.kernel().observer()) observer->signal(self, info);
      self.process().begin_exit(killed_status(sig::sys));
      return Verdict::abandon;
  }
}

}  // namespace halcyon
