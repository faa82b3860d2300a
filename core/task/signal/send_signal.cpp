// Sending signals. Never blocks: it makes the signal pending under the target's signal_lock and wakes a thread that will take it.
#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

namespace {

constexpr SignalSet stop_signals = SignalSet::of(sig::stop, sig::tstp, sig::ttin, sig::ttou);

void make_notice(Thread& thread, uint32_t work_bits) {
  thread.add_work(work_bits);
  thread.wake_if_interruptible();
}

// What sending does to a process besides queueing (signal(7), "job control"). Under signal_lock.
void apply_side_effects(Process& process, int number) {
  if (number == sig::cont) {
    process.pending.discard(stop_signals);
    for (Thread& thread : process.threads) thread.pending_signals().discard(stop_signals);
  } else if (stop_signals.has(number)) {
    process.pending.discard(SignalSet::of(sig::cont));
    for (Thread& thread : process.threads) thread.pending_signals().discard(SignalSet::of(sig::cont));
  }
  // A stop that a thread has taken but not carried out yet is off, too.
  if (number == sig::cont || number == sig::kill) process.is_about_to_stop = false;
  if (process.is_stopped && (number == sig::cont || number == sig::kill)) {
    process.is_stopped = false;
    process.must_notify_continued = number == sig::cont;
    process.report = number == sig::cont ? Process::Report::continued : Process::Report::none;
    for (Thread& thread : process.threads) thread.clear_work(work::stop);
    process.resumed.wake_all();
  }
}

// A signal nobody would see is not queued, unless it is blocked: then its action may still change. PID 1 takes only what it handles.
bool is_dropped(Process& process, Thread& thread, int number) {
  if (number == sig::kill || number == sig::stop) return process.is_unkillable;
  if (thread.blocked().has(number)) return false;
  if (!thread.has_actions()) return false;
  UserAddr handler = thread.actions().handler(number);
  return is_ignored(number, handler) || (handler == SignalAction::default_handler && process.is_unkillable);
}

void kill_now(Process& process) {
  if (!process.is_exiting) {
    process.is_exiting = true;
    process.exit_status = killed_status(sig::kill);
  }
  for (Thread& thread : process.threads) make_notice(thread, work::die);
  process.resumed.wake_all();
}

}  // namespace

namespace {

// RLIMIT_SIGPENDING, for real-time signals: the standard ones are pending once only. Under signal_lock, as the second half.
bool has_room(Process& process, uint64_t limit) {
  uint64_t queued = process.pending.queued();
  for (Thread& thread : process.threads) queued += thread.pending_signals().queued();
  return queued < limit;
}

// Chooses a thread that takes a signal of the process: the running one if the signal comes out of its own stretch of user code, as those of
// CPU timers do, else the first that may. Under signal_lock.
void notify_taker(Process& process, int number) {
  Thread* current = per_cpu().current;
  bool is_about_time = number == sig::prof || number == sig::vtalrm || number == sig::xcpu;
  if (is_about_time && current && &current->process() == &process && !current->blocked().has(number) && !current->is_dying())
    return make_notice(*current, work::signal);
  for (Thread& thread : process.threads) {
    if (thread.blocked().has(number) || thread.is_dying()) continue;
    make_notice(thread, work::signal);
    return;
  }
}

uint64_t queue_limit(Process& process, int number) {
  return number < sig::real_time ? unlimited : process.limit(Limit::pending_signals).soft;
}

enum class Sent : uint8_t { dropped, pending, refused };

// What all senders do, in this order, for a signal to `target` or, if that is null, to whichever thread of the process takes it: nobody is
// left to get it; stops and continuations take effect; nobody would see it; SIGKILL kills; it is queued, unless it is pending already or
// too many are; whoever waits for it and takes it is told. Refused: RLIMIT_SIGPENDING.
Sent send(Process& process, Thread* target, const SignalInfo& info) {
  uint64_t limit = info.is_from_timer ? unlimited : queue_limit(process, info.number);
  LockGuard guard(process.signal_lock);
  if (process.is_exiting || (target ? target->state() == RunState::dead : process.threads.empty())) return Sent::dropped;
  apply_side_effects(process, info.number);
  if (is_dropped(process, target ? *target : process.threads.front(), info.number)) return Sent::dropped;
  if (info.number == sig::kill) return kill_now(process), Sent::dropped;
  PendingSignals& pending = target ? target->pending_signals() : process.pending;
  if (pending.has_already(info)) return Sent::pending;
  if (!pending.add(info, limit == unlimited || has_room(process, limit))) return Sent::refused;
  process.signal_event.wake_all();
  if (!target) notify_taker(process, info.number);
  else if (!target->blocked().has(info.number)) make_notice(*target, work::signal);
  return Sent::pending;
}

}  // namespace

bool send_to_process(Process& process, const SignalInfo& info) { return send(process, nullptr, info) != Sent::refused; }

bool send_to_thread(Thread& thread, const SignalInfo& info) { return send(thread.process(), &thread, info) != Sent::refused; }

bool send_timer_signal(Process& process, Thread* target, const SignalInfo& info) { return send(process, target, info) == Sent::pending; }

void send_to_self(Thread& self, int number) {
  send_to_thread(self, SignalInfo{.number = number, .code = si_code::user, .pid = self.process().pid(), .uid = self.credentials().uid});
}

void offer_pending_signals(Process& process, Thread& reluctant) {
  for (Thread& thread : process.threads) {
    if (&thread == &reluctant || thread.is_dying()) continue;
    if (!(process.pending.set() & ~thread.blocked()).is_empty()) make_notice(thread, work::signal);
  }
}

void Thread::force_signal(const SignalInfo& info) {
  Process& process = *process_;
  LockGuard guard(process.signal_lock);
  if (info.number == sig::kill) return kill_now(process);
  SignalAction action = actions().get(info.number);
  bool is_fatal = blocked_.has(info.number) || action.handler == SignalAction::ignore || action.handler == SignalAction::default_handler;
  if (is_fatal) process.is_unkillable = false;
  if (blocked_.has(info.number) || action.handler == SignalAction::ignore) {
    actions().exchange(info.number, SignalAction{});
    blocked_.remove(info.number);
    blocked_bits_.store(blocked_.bits(), std::memory_order_release);
  }
  pending_.add(info);
  add_work(work::signal);
}

void notify_parent(Process& child, int code, int status) {
  Process* parent = child.parent;
  if (!parent) return;
  SignalInfo info;
  info.number = child.exit_signal;
  if (code >= si_code::child_stopped) info.number = sig::chld;
  info.code = code;
  info.pid = child.pid();
  info.status = status;
  ResourceUse use = child.dead_threads_use;
  info.user_time = use.user_time / 10'000'000;
  info.system_time = use.system_time / 10'000'000;
  bool wants_signal = info.number > 0 && info.number <= signal_count;
  if (code >= si_code::child_stopped) {
    Thread* receiver = parent->main_thread();
    if (receiver && receiver->has_actions() && (receiver->actions().get(sig::chld).flags & sa_flag::no_child_stop)) wants_signal = false;
  }
  if (wants_signal) send_to_process(*parent, info);
  parent->child_event.wake_all();
}

}  // namespace halcyon
