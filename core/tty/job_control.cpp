// Job control (credentials(7), tty_ioctl(4)): which session a terminal belongs to, which of its process groups may use it.
#include "core/base/lock_guard.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"
#include "core/tty/tty.h"

namespace halcyon {
namespace {

// Under the tree lock, like everything here.
bool signal_group(Kernel& kernel, int group, int signal) {
  bool found = false;
  if (group == 0) return false;
  for (Process& process : kernel.group_members(group)) {
    if (process.is_zombie) continue;
    ++process.group_signals;
    send_to_process(process, SignalInfo{.number = signal, .code = si_code::kernel});
    found = true;
  }
  return found;
}

bool is_leader(const Process& process) { return process.session && process.session->id == process.pid(); }

}  // namespace

void Tty::attach(Process& leader) {
  session_ = leader.session.get();
  session_->terminal = this;
  foreground_ = leader.process_group;
}

void Tty::attach_if_leader(Process& process) {
  LockGuard guard(kernel_.tree());
  if (is_leader(process) && !process.session->terminal && !session_) attach(process);
}

void Tty::detach() {
  if (!session_) return;
  signal_group(kernel_, foreground_, sig::hup);
  signal_group(kernel_, foreground_, sig::cont);
  session_->terminal = nullptr;
  session_ = nullptr;
  foreground_ = 0;
}

void Tty::leader_exits(Process& leader) {
  LockGuard guard(leader.kernel().tree());
  Tty* tty = leader.session ? leader.session->terminal : nullptr;
  if (tty && tty->session_ == leader.session.get()) tty->detach();
}

void Tty::hang_up() {
  if (is_hung_up_.exchange(true)) return;
  {
    LockGuard guard(kernel_.tree());
    if (session_) {
      if (Process* leader = kernel_.find_process(session_->id); leader && leader->process_group != foreground_) {
        send_to_process(*leader, SignalInfo{.number = sig::hup, .code = si_code::kernel});
        send_to_process(*leader, SignalInfo{.number = sig::cont, .code = si_code::kernel});
      }
      detach();
    }
  }
  {
    LockGuard guard(lock_);
    discipline_.output().clear();
    console_.want(false, false);
  }
  readers_.wake_all();
  writers_.wake_all();
}

void Tty::signal_foreground(SignalSet signals) {
  LockGuard guard(kernel_.tree());
  for (int number = 1; number <= signal_count; ++number)
    if (signals.has(number)) signal_group(kernel_, foreground_, number);
}

// What was sent to the machine as the job that it is for whoever started it.
void Tty::signal_job(SignalSet signals) {
  LockGuard guard(kernel_.tree());
  if (signals.has(sig::kill)) return kernel_.shut_down(killed_status(sig::kill));
  Process* main = kernel_.main_process();
  for (int number = 1; number <= signal_count; ++number) {
    if (!signals.has(number)) continue;
    bool is_for_main = main && (number == sig::cont || foreground_ == 0);
    signal_group(kernel_, is_for_main ? main->process_group : foreground_, number);
  }
}

void Tty::all_stopped(int signal) {
  stop_signal_.store(signal);
  request_service();
}

void Tty::stop_as_job(int signal) {
  console_.suspend(signal);
  update_window();
  signal_job(SignalSet::of(sig::cont));
}

Result<> Tty::check_foreground(Thread& self, int signal) {
  bool is_in_background = signal == sig::ttin && console_.is_in_background();
  LockGuard guard(kernel_.tree());
  Process& process = self.process();
  if (!process.session || process.session.get() != session_) return {};
  if (!is_in_background && (foreground_ == 0 || foreground_ == process.process_group)) return {};
  if (self.blocked().has(signal) || is_ignored(signal, self.actions().handler(signal))) {
    if (signal == sig::ttin) return err::io;
    return {};
  }
  if (is_orphaned_group(kernel_, process.process_group)) return err::io;
  signal_group(kernel_, process.process_group, signal);
  return err::restart;
}

// Another job of the host's has no group here: init stands for it.
Result<int> Tty::foreground_group(Thread& self) {
  bool is_in_background = console_.is_in_background();
  LockGuard guard(kernel_.tree());
  if (!session_ || self.process().session.get() != session_) return err::notty;
  return is_in_background ? kernel_.init()->process_group : foreground_;
}

Result<> Tty::set_foreground_group(Thread& self, int group) {
  LockGuard guard(kernel_.tree());
  if (!session_ || self.process().session.get() != session_) return err::notty;
  if (group < 0) return err::inval;
  bool exists = false;
  for (Process& process : kernel_.group_members(group)) {
    if (process.is_zombie) continue;
    if (process.session.get() != session_) return err::perm;
    exists = true;
  }
  if (!exists) return err::srch;
  foreground_ = group;
  return {};
}

Result<int> Tty::session_id(Thread& self) {
  LockGuard guard(kernel_.tree());
  if (!session_ || self.process().session.get() != session_) return err::notty;
  return session_->id;
}

Result<> Tty::take_terminal(Thread& self, bool may_steal, bool is_readable) {
  LockGuard guard(kernel_.tree());
  Process& process = self.process();
  bool is_admin = has_capability(self.credentials(), capability::sys_admin);
  if (is_leader(process) && process.session.get() == session_) return {};
  if (!is_leader(process) || process.session->terminal) return err::perm;
  if (session_) {
    if (!may_steal || !is_admin) return err::perm;
    session_->terminal = nullptr;
  }
  if (!is_readable && !is_admin) return err::perm;
  attach(process);
  return {};
}

// Only the leader speaks for its session: another process cannot lose the terminal alone.
Result<> Tty::give_up_terminal(Thread& self) {
  LockGuard guard(kernel_.tree());
  if (!session_ || self.process().session.get() != session_) return err::notty;
  if (is_leader(self.process())) detach();
  return {};
}

}  // namespace halcyon
