// How threads and processes end.
#include "core/base/lock_guard.h"
#include "core/ipc/futex/futex.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

void Thread::request_exit(int status) {
  thread_status_ = status;
  add_work(work::die);
}

// set_tid_address(2): whoever joins the thread waits on that word. Only useful while somebody shares the memory.
void Thread::leave_memory() {
  if (!resources_.memory) return;
  if (robust_list) release_robust_futexes(*this, robust_list);
  kernel().pi_futexes().release_all(*this);
  if (clear_child_tid && resources_.memory->reference_count() > 1) {
    static_cast<void>(put_user(*resources_.memory, UserPtr<uint32_t>(clear_child_tid), 0u));
    static_cast<void>(wake_futex(*resources_.memory, clear_child_tid, false, 1, ~0u));
  }
  robust_list = clear_child_tid = 0;
}

namespace {

// POSIX: a process group that becomes orphaned, with a member that is stopped, gets SIGHUP and SIGCONT. It does if `lost`, the parent of
// `member`, was the last to control it: because that parent has gone, or because `member` itself has (then it is `gone`).
void signal_if_orphaned(Kernel& kernel, Process& member, Process* lost, Process* gone) {
  if (!is_controlled_by(member, lost)) return;
  int group = member.process_group;
  if (!is_orphaned_group(kernel, group, gone)) return;
  bool has_stopped = false;
  for (Process& each : kernel.group_members(group))
    if (&each != gone && !each.is_zombie && each.is_stopped) has_stopped = true;
  if (!has_stopped) return;
  for (Process& each : kernel.group_members(group)) {
    if (&each == gone) continue;
    send_to_process(each, SignalInfo{.number = sig::hup, .code = si_code::kernel});
    send_to_process(each, SignalInfo{.number = sig::cont, .code = si_code::kernel});
  }
}

// `parent`, which made the process or got it from another, exits: prctl(2), PR_SET_PDEATHSIG.
void tell_of_death(Process& child, Thread& parent) {
  for (Thread& thread : child.threads) {
    int signal = thread.parent_death_signal.load(std::memory_order_relaxed);
    if (signal == 0) continue;
    SignalInfo info{.number = signal, .code = si_code::user, .pid = parent.process().pid()};
    info.uid = parent.credentials().uid;
    send_to_process(child, info);
  }
}

// The children that a thread made are handed to another of its process.
void hand_over_children(Process& process, Thread& gone) {
  for (Process& child : process.children) {
    if (child.parent_tid != gone.tid()) continue;
    child.parent_tid = process.threads.front().tid();
    tell_of_death(child, gone);
  }
}

// Tells the parent of a process that has ended. True if nobody will wait for it: there is no parent, which init never has, or it says so.
bool announce_zombie(Kernel& kernel, Process& process) {
  Process* parent = process.parent;
  Thread* receiver = parent ? parent->main_thread() : nullptr;
  bool is_reaped = !parent && &process != kernel.init();
  if (receiver && receiver->has_actions() && process.exit_signal == sig::chld) {
    SignalAction action = receiver->actions().get(sig::chld);
    is_reaped = action.handler == SignalAction::ignore || (action.flags & sa_flag::no_child_wait);
  }
  int status = process.wait_status;
  bool was_killed = (status & 0x7f) != 0;
  int code = !was_killed ? si_code::child_exited : si_code::child_killed;
  notify_parent(process, code, was_killed ? status & 0x7f : status >> 8 & 0xff);
  return is_reaped;
}

// The children of a process that goes belong to the nearest living subreaper, or to init; with init the kernel ends, and they are nobody's.
void reparent_children(Kernel& kernel, Process& process, Thread& last) {
  Process* heir = &process == kernel.init() ? nullptr : kernel.init();
  for (Process* above = process.parent; above; above = above->parent) {
    if (above->is_subreaper && !above->threads.empty()) {
      heir = above;
      break;
    }
  }
  while (!process.children.empty()) {
    Process& child = process.children.front();
    process.children.pop_front();
    child.parent = heir;
    if (heir) heir->children.push_back(child);
    child.parent_tid = heir ? heir->pid() : 0;
    tell_of_death(child, last);
    child.exit_signal = sig::chld;
    signal_if_orphaned(kernel, child, &process, nullptr);
    if (child.is_zombie && announce_zombie(kernel, child)) kernel.remove_process(child);
  }
}

// The last thread is gone. Under the tree lock.
void become_zombie(Kernel& kernel, Process& process, Thread& last, int status) {
  for (IntervalTimer& timer : process.interval_timers) kernel.timers().disarm(timer);
  process.posix_timers.clear();
  process.signal_event.abandon();
  reparent_children(kernel, process, last);
  signal_if_orphaned(kernel, process, process.parent, &process);
  process.wait_status = status;
  process.is_zombie = true;
  process.session = nullptr;
  bool is_reaped = announce_zombie(kernel, process);
  kernel.note_exit(process);
  if (is_reaped) kernel.remove_process(process);
}

}  // namespace

void Thread::exit() {
  Kernel& kernel = this->kernel();
  Process& process = *process_;
  if (SyscallObserver* observer = context_ ? kernel.observer() : nullptr)
    observer->exited(*this, process.is_exiting ? process.exit_status : thread_status_);
  release_vfork_parent(*this);
  leave_memory();
  if (process.live_threads.load(std::memory_order_acquire) == 1) kernel.file_locks().drop_process(process.pid(), nullptr);
  uint64_t resident = resources_.memory ? resources_.memory->peak_resident_pages() : 0;
  bool is_last = process.live_threads.load(std::memory_order_acquire) == 1;
  if (is_last && process.session && process.session->id == process.pid() && kernel.leader_exit_hook) kernel.leader_exit_hook(process);
  {
    Resources gone;
    {
      LockGuard guard(kernel.tree());
      std::swap(gone, resources_);
      // Credentials stay: a zombie's owner can still be asked for.
      resources_.credentials = gone.credentials;
      resources_.actions = gone.actions;
    }
    // Dropped here, without locks: closing files may block.
    context_.reset();
  }
  if (pending_work() & work::async) send_async_signals();
  account();
  {
    LockGuard tree_guard(kernel.tree());
    Ref<Thread> listed;
    bool was_last;
    int status;
    {
      LockGuard guard(process.signal_lock);
      listed = kernel.remove_thread(*this);
      was_last = process.threads.empty();
      if (!process.pending.set().is_empty()) offer_pending_signals(process, *this);
      status = process.is_exiting ? process.exit_status : thread_status_;
    }
    ResourceUse use;
    use.user_time = user_time, use.system_time = system_time;
    use.minor_faults = minor_faults, use.major_faults = major_faults;
    use.voluntary_switches = voluntary_switches, use.involuntary_switches = involuntary_switches;
    use.max_resident_pages = resident;
    process.dead_threads_use.add(use);
    int session = process.session ? process.session->id : 0;
    process.remains = {name, resources_.credentials, session, nice, policy, last_cpu, resets_on_fork, affinity.load()};
    process.live_threads.fetch_sub(1, std::memory_order_release);
    process.thread_event.wake_all();
    if (was_last) become_zombie(kernel, process, *this, status);
    else hand_over_children(process, *this);
  }
  switch_away_dead();
}

}  // namespace halcyon
