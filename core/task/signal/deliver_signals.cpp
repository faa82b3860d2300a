// Taking signals: on the way to user mode a thread takes what is pending and not blocked, and runs a handler, dies, stops, or ignores it.
#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

namespace {
constexpr SignalSet unblockable = SignalSet::of(sig::kill, sig::stop);
}

bool Thread::has_deliverable_signal() {
  if (is_dying()) return true;
  if (!context_) return false;
  LockGuard guard(process_->signal_lock);
  SignalSet ready = (pending_.set() | process_->pending.set()) & ~blocked_;
  return !ready.is_empty();
}

void Thread::set_blocked(SignalSet mask) {
  LockGuard guard(process_->signal_lock);
  SignalSet newly_blocked = mask & ~unblockable & ~blocked_;
  blocked_ = mask & ~unblockable;
  blocked_bits_.store(blocked_.bits(), std::memory_order_release);
  if (!(process_->pending.set() & newly_blocked).is_empty()) offer_pending_signals(*process_, *this);
  if (!((pending_.set() | process_->pending.set()) & ~blocked_).is_empty()) add_work(work::signal);
}

void Thread::restore_blocked_after(SignalSet mask) {
  saved_blocked_ = mask;
  must_restore_blocked_ = true;
  add_work(work::signal);
}

bool Thread::take_signal(SignalSet wanted, SignalInfo* info) {
  {
    LockGuard guard(process_->signal_lock);
    if (!pending_.take(wanted, info) && !process_->pending.take(wanted, info)) {
      if (wanted == ~blocked_) clear_work(work::signal);
      return false;
    }
    if (default_action(info->number) == DefaultAction::stop) process_->is_about_to_stop = true;
  }
  if (info->is_from_timer) process_->posix_timers.signal_taken(*info);
  return true;
}

// The fate of a system call that was interrupted: executed again, or EINTR (signal(7), "Interruption of system calls").
void Thread::finish_restart(const SignalAction* action) {
  Errno restart = std::exchange(restart_, Errno{});
  if (restart == Errno{}) return;
  bool again = !action || restart == Errno::restart_always || (restart == Errno::restart && (action->flags & sa_flag::restart));
  if (!again) {
    restart_block_.kind = RestartBlock::Kind::none;
    context_->finish_syscall(kernel().personality().interrupted_result());
  } else if (restart == Errno::restart_block) {
    kernel().personality().arrange_restart_syscall(*this);
  } else {
    context_->rewind_trap();
  }
}

void Thread::run_handler(const SignalInfo& info, SignalAction action) {
  finish_restart(&action);
  SignalSet old_mask = must_restore_blocked_ ? saved_blocked_ : blocked_;
  must_restore_blocked_ = false;
  if (action.flags & sa_flag::reset_hand) {
    SignalAction reset = action;
    reset.handler = SignalAction::default_handler;
    actions().exchange(info.number, reset);
  }
  if (restartable.address) leave_sequence(*this);
  if (!kernel().personality().push_signal_frame(*this, info, action, old_mask)) {
    // No stack to run on. A SIGSEGV handler would fail in the same way.
    if (info.number == sig::segv) actions().exchange(sig::segv, SignalAction{});
    force_signal(SignalInfo{.number = sig::segv, .code = si_code::kernel});
    return;
  }
  SignalSet mask = old_mask | action.mask;
  // A forced signal may have found a mask that the saved one does not hold: what runs now is blocked as of now.
  mask = mask | blocked_;
  if (!(action.flags & sa_flag::no_defer)) mask.add(info.number);
  set_blocked(mask);
}

// Returns true if the thread goes on to look for more signals.
bool Thread::run_default_action(const SignalInfo& info) {
  switch (default_action(info.number)) {
    case DefaultAction::ignore:
    case DefaultAction::cont: return true;
    case DefaultAction::stop: {
      LockGuard tree_guard(kernel().tree());
      if (info.number != sig::stop && is_orphaned_group(kernel(), process_->process_group)) return true;
      {
        LockGuard guard(process_->signal_lock);
        if (process_->is_exiting || !std::exchange(process_->is_about_to_stop, false)) return true;
        process_->is_stopped = true;
        process_->stop_signal = info.number;
        process_->report = Process::Report::stopped;
        process_->report_signal = info.number;
        for (Thread& thread : process_->threads) {
          thread.add_work(work::stop);
          thread.wake_if_interruptible();
        }
      }
      notify_parent(*process_, si_code::child_stopped, info.number);
      kernel().note_stop();
      return false;
    }
    case DefaultAction::terminate:
    case DefaultAction::core_dump: break;
  }
  if (SyscallObserver* observer = kernel().observer()) observer->signal(*this, info);
  kernel().note_death(*this, info);
  process_->begin_exit(killed_status(info.number));
  return false;
}

void Thread::deliver_signals() {
  SignalInfo info;
  while (take_signal(~blocked_, &info)) {
    SignalAction action = actions().get(info.number);
    if (process_->is_unkillable && action.handler == SignalAction::default_handler) continue;
    if (action.handler == SignalAction::ignore) continue;
    if (action.handler == SignalAction::default_handler) {
      if (run_default_action(info)) continue;
      return;
    }
    if (SyscallObserver* observer = kernel().observer()) observer->signal(*this, info);
    run_handler(info, action);
  }
  finish_restart(nullptr);
  if (must_restore_blocked_) {
    must_restore_blocked_ = false;
    set_blocked(saved_blocked_);
  }
}

// Parks until SIGCONT or death; the first thread to go on tells the parent.
void Thread::stop_here() {
  // Not interruptible by signals other than SIGCONT and SIGKILL, and both wake the queue.
  static_cast<void>(
      process_->resumed.wait_until([this] { return !(pending_work() & work::stop) || is_dying(); }, never, Interruptible::no));
  if (is_dying()) return;
  LockGuard tree_guard(kernel().tree());
  bool must_notify;
  {
    LockGuard guard(process_->signal_lock);
    must_notify = std::exchange(process_->must_notify_continued, false);
  }
  if (must_notify) notify_parent(*process_, si_code::child_continued, sig::cont);
}

}  // namespace halcyon
