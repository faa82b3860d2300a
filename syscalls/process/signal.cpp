// Signals: actions, masks, waiting for them, sending them (signal(7)).
#include "syscalls/process/signal.h"

#include <span>

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/abi/abi.h"
#include "syscalls/calls.h"
#include "syscalls/event/poll_wait.h"
#include "syscalls/process/futex.h"
#include "syscalls/time/time.h"

namespace halcyon {

namespace {

constexpr size_t set_bytes = 8;
constexpr SignalSet unblockable = SignalSet::of(sig::kill, sig::stop);

bool is_valid(int signal) { return signal >= 1 && signal <= signal_count; }

Result<SignalSet> get_set(Thread& self, UserPtr<const UserSigset> from) {
  uint64_t bits = TRY(get_user(self.memory(), from.as<const uint64_t>()));
  return SignalSet(bits) & ~unblockable;
}

}  // namespace

bool may_signal(Thread& self, Process& target, int signal) {
  const Credentials& who = self.credentials();
  if (has_capability(who, capability::kill)) return true;
  Thread* main = target.main_thread();
  const Credentials* his = main ? main->resources().credentials.get() : target.remains.credentials.get();
  uint32_t uid = his ? his->uid : 0;
  uint32_t suid = his ? his->suid : 0;
  if (who.euid == suid || who.euid == uid || who.uid == suid || who.uid == uid) return true;
  return signal == sig::cont && target.session && target.session == self.process().session;
}

SignalInfo info_from(Thread& self, int signal, int code) {
  SignalInfo info;
  info.number = signal;
  info.code = code;
  info.pid = self.process().pid();
  info.uid = self.credentials().uid;
  return info;
}

namespace {

// To those processes of a range that `matches`. Under the tree lock. ESRCH if none does, EPERM if none may be signalled.
template <class Processes, class Matches>
Result<> send_to_all(Thread& self, const SignalInfo& info, Processes&& processes, Matches matches) {
  bool any = false;
  bool sent = false;
  bool was_full = false;
  for (Process& process : processes) {
    if (!matches(process)) continue;
    any = true;
    if (!may_signal(self, process, info.number)) continue;
    sent = true;
    ++process.group_signals;
    if (info.number != 0 && !send_to_process(process, info)) was_full = true;
  }
  if (!any) return err::srch;
  if (!sent) return err::perm;
  if (was_full) return err::again;
  return {};
}

}  // namespace

Result<> send_to_one(Thread& self, Process& process, const SignalInfo& info) {
  return send_to_all(self, info, std::span(&process, 1), [](Process&) { return true; });
}

namespace {

// To the process with that id, or the process of the thread with it. Under the tree lock.
Result<> send_to_process_of(Thread& self, int pid, const SignalInfo& info) {
  Process* process = self.kernel().find_process_of(pid);
  if (!process) return err::srch;
  return send_to_one(self, *process, info);
}

Result<> send_to_tid(Thread& self, int group, int tid, const SignalInfo& info) {
  LockGuard guard(self.kernel().tree());
  Thread* target = self.kernel().find_thread(tid);
  if (!target) {
    // A process that nobody has waited for yet is still there to be asked for.
    Process* gone = self.kernel().find_process(tid);
    if (!gone || !gone->threads.empty() || (group > 0 && group != tid)) return err::srch;
    return may_signal(self, *gone, info.number) ? Result<>{} : err::perm;
  }
  if (group > 0 && target->process().pid() != group) return err::srch;
  if (!may_signal(self, target->process(), info.number)) return err::perm;
  if (info.number != 0 && !send_to_thread(*target, info)) return err::again;
  return {};
}

}  // namespace

Result<uint64_t> sys_rt_sigaction(Thread& self, Signal signal, UserPtr<const UserSigaction> action, UserPtr<UserSigaction> old,
                                  size_t set_size) {
  if (set_size != set_bytes || !is_valid(signal)) return err::inval;
  if (action && unblockable.has(signal)) return err::inval;
  SignalAction previous;
  if (!action) {
    previous = self.actions().get(signal);
  } else {
    SignalAction next = TRY(abi_of(self).get_action(self, action));
    next.mask = next.mask & ~unblockable;
    previous = self.actions().exchange(signal, next);
    // POSIX: pending signals that are now ignored go.
    if (is_ignored(signal, next.handler)) [[unlikely]] {
      Process& process = self.process();
      LockGuard guard(process.signal_lock);
      process.pending.discard(SignalSet::of(signal.value));
      for (Thread& thread : process.threads) thread.pending_signals().discard(SignalSet::of(signal.value));
    }
  }
  if (old) {
    TRY(abi_of(self).put_action(self, old, previous));
  }
  return 0;
}

Result<uint64_t> sys_rt_sigprocmask(Thread& self, SigmaskHow how, UserPtr<const UserSigset> set, UserPtr<UserSigset> old, size_t set_size) {
  constexpr int block = 0, unblock = 1, set_mask = 2;
  if (set_size != set_bytes) return err::inval;
  SignalSet previous = self.blocked();
  if (set) {
    SignalSet given = TRY(get_set(self, set));
    if (how == block) self.set_blocked(previous | given);
    else if (how == unblock) self.set_blocked(previous & ~given);
    else if (how == set_mask) self.set_blocked(given);
    else return err::inval;
  }
  if (old) {
    TRY(put_user(self.memory(), old.as<uint64_t>(), previous.bits()));
  }
  return 0;
}

Result<uint64_t> sys_rt_sigreturn(Thread& self) {
  self.restart_block().kind = RestartBlock::Kind::none;
  if (auto restored = abi_of(self).pop_signal_frame(self); !restored)
    self.force_signal(SignalInfo{.number = sig::segv, .code = si_code::kernel});
  return 0;
}

Result<uint64_t> sys_rt_sigpending(Thread& self, UserPtr<UserSigset> set, size_t set_size) {
  if (set_size > set_bytes) return err::inval;
  uint64_t bits;
  {
    LockGuard guard(self.process().signal_lock);
    bits = ((self.pending_signals().set() | self.process().pending.set()) & self.blocked()).bits();
  }
  auto* bytes = static_cast<const std::byte*>(static_cast<const void*>(&bits));
  TRY(put_user_bytes(self.memory(), set.address(), {bytes, set_size}));
  return 0;
}

Result<uint64_t> sys_rt_sigsuspend(Thread& self, UserPtr<const UserSigset> set, size_t set_size) {
  if (set_size != set_bytes) return err::inval;
  SignalSet mask = TRY(get_set(self, set));
  SignalSet before = self.blocked();
  self.set_blocked(mask);
  WaitQueue nothing;
  static_cast<void>(nothing.wait_until([] { return false; }));
  self.restore_blocked_after(before);
  return err::restart_nohand;
}

Result<uint64_t> sys_pause(Thread&) {
  WaitQueue nothing;
  static_cast<void>(nothing.wait_until([] { return false; }));
  return err::restart_nohand;
}

Result<uint64_t> sys_rt_sigtimedwait(Thread& self, UserPtr<const UserSigset> set, UserPtr<UserSiginfo> info,
                                     UserPtr<const Timespec> timeout, size_t set_size) {
  if (set_size != set_bytes) return err::inval;
  SignalSet wanted = TRY(get_set(self, set));
  Nanoseconds deadline = never;
  if (timeout) {
    Timespec time = TRY(get_user(self.memory(), timeout));
    if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= 1'000'000'000) return err::inval;
    Nanoseconds length;
    if (!__builtin_mul_overflow(time.seconds, 1'000'000'000, &length) && !__builtin_add_overflow(length, time.nanoseconds, &length) &&
        !__builtin_add_overflow(length, self.kernel().clock().monotonic(), &deadline)) {
    } else {
      deadline = never;
    }
  }
  Process& process = self.process();
  SignalInfo found;
  auto take = [&] { return self.take_signal(wanted, &found); };
  // While it waits, the wanted signals are not blocked, so that senders choose this thread and wake it; but it takes them itself.
  auto waited = process.signal_event.wait_until(take, deadline);
  if (!waited) {
    if (waited.error() == Errno::timedout) return err::again;
    // A signal that is wanted but was thought to interrupt: look once more.
    if (!take()) return err::intr;
  }
  if (info) {
    TRY(put_user(self.memory(), info.as<SiginfoLayout>(), to_user(found)));
  }
  return static_cast<uint64_t>(found.number);
}

Result<uint64_t> sys_kill(Thread& self, Pid pid, Signal signal) {
  if (signal < 0 || signal > signal_count) return err::inval;
  SignalInfo info = info_from(self, signal, si_code::user);
  Process& own = self.process();
  LockGuard guard(self.kernel().tree());
  Result<> sent;
  if (pid > 0) {
    sent = send_to_process_of(self, pid, info);
  } else if (pid == -1) {
    sent = send_to_all(self, info, self.kernel().processes(), [&](Process& process) { return process.pid() > 1 && &process != &own; });
  } else {
    // INT_MIN has no opposite, and is no group.
    int group = pid == 0 ? own.process_group : pid == INT32_MIN ? -1 : -pid;
    sent = send_to_all(self, info, self.kernel().group_members(group), [](Process&) { return true; });
  }
  if (!sent) return std::unexpected(sent.error());
  return 0;
}

Result<uint64_t> sys_tkill(Thread& self, Pid tid, Signal signal) {
  if (tid <= 0 || signal < 0 || signal > signal_count) return err::inval;
  TRY(send_to_tid(self, 0, tid, info_from(self, signal, si_code::tkill)));
  return 0;
}

Result<uint64_t> sys_tgkill(Thread& self, Pid pid, Pid tid, Signal signal) {
  if (pid <= 0 || tid <= 0 || signal < 0 || signal > signal_count) return err::inval;
  TRY(send_to_tid(self, pid, tid, info_from(self, signal, si_code::tkill)));
  return 0;
}

namespace {

// Only the kernel may claim to be the kernel, or kill(2), towards others.
Result<SignalInfo> get_info(Thread& self, Pid pid, Signal signal, UserPtr<const UserSiginfo> from) {
  SiginfoLayout layout = TRY(get_user(self.memory(), from.as<const SiginfoLayout>()));
  SignalInfo info = from_user(layout);
  info.number = signal;
  if (signal < 0 || signal > signal_count) return err::inval;
  if (is_for_itself_only(info) && pid != self.process().pid()) return err::perm;
  return info;
}

}  // namespace

Result<uint64_t> sys_rt_sigqueueinfo(Thread& self, Pid pid, Signal signal, UserPtr<const UserSiginfo> from) {
  SignalInfo info = TRY(get_info(self, pid, signal, from));
  LockGuard guard(self.kernel().tree());
  TRY(send_to_process_of(self, pid, info));
  return 0;
}

Result<uint64_t> sys_rt_tgsigqueueinfo(Thread& self, Pid pid, Pid tid, Signal signal, UserPtr<const UserSiginfo> from) {
  if (pid <= 0 || tid <= 0) return err::inval;
  SignalInfo info = TRY(get_info(self, pid, signal, from));
  TRY(send_to_tid(self, pid, tid, info));
  return 0;
}

Result<uint64_t> sys_sigaltstack(Thread& self, UserPtr<const UserStack> stack, UserPtr<UserStack> old) {
  constexpr int32_t on_stack = 1, disable = 2;
  constexpr int32_t autodisarm = static_cast<int32_t>(1u << 31);
  constexpr uint64_t minimum = 2048;
  using Layout = Abi::UserStackLayout;
  UserAddr sp = self.context().get(hal::Reg::sp);
  Layout previous = Abi::stack_layout(self, sp);
  if (stack) {
    Layout next = TRY(get_user(self.memory(), stack.as<const Layout>()));
    int32_t mode = next.flags & ~autodisarm;
    if (mode != 0 && mode != on_stack && mode != disable) return err::inval;
    if (self.signal_stack().contains(sp) && !self.signal_stack().autodisarm) return err::perm;
    if (mode != disable && next.size < minimum) return err::nomem;
    Abi::restore_stack(self, next);
  }
  if (old) {
    TRY(put_user(self.memory(), old.as<Layout>(), previous));
  }
  return 0;
}

Result<uint64_t> sys_restart_syscall(Thread& self) {
  switch (self.restart_block().kind) {
    case RestartBlock::Kind::nanosleep: return restart_nanosleep(self);
    case RestartBlock::Kind::cpu_sleep: return restart_cpu_sleep(self);
    case RestartBlock::Kind::poll: return restart_poll(self);
    case RestartBlock::Kind::futex: return restart_futex(self);
    case RestartBlock::Kind::none: break;
  }
  return err::intr;
}

}  // namespace halcyon
