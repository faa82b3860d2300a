#include "fs/procfs/task/task.h"

#include "core/base/lock_guard.h"
#include "core/task/process/access.h"
#include "core/tty/tty.h"

namespace halcyon::fs {

namespace {

// Under the tree lock.
char state_of(Process& process, Thread* thread) {
  if (!thread) return 'Z';
  switch (thread->state()) {
    case RunState::running:
    case RunState::parking:
    case RunState::ready: return 'R';
    case RunState::dead: return 'X';
    case RunState::parked: break;
  }
  if (process.is_stopped && (thread->pending_work() & work::stop)) return 'T';
  // The kernel's own threads sleep whatever signals there are.
  bool is_kernel = !thread->has_memory() && !thread->has_actions();
  return is_kernel || thread->is_sleeping_interruptibly() ? 'S' : 'D';
}

void add_use(ResourceUse& total, Thread& thread) {
  if (&thread == &current_thread()) thread.account();
  total.user_time += thread.user_time;
  total.system_time += thread.system_time;
  total.minor_faults += thread.minor_faults;
  total.major_faults += thread.major_faults;
}

// What processes and threads have in common. Under the tree lock.
void look_at_process(Process& process, TaskState& state) {
  state.pid = process.pid();
  state.parent = process.parent ? process.parent->pid() : 0;
  state.group = process.process_group;
  state.session = process.session ? process.session->id : process.remains.session;
  if (Tty* terminal = process.session ? process.session->terminal : nullptr) {
    state.terminal = terminal->device();
    state.terminal_group = terminal->foreground_group();
  }
  state.threads = static_cast<unsigned>(process.threads.size());
  state.children_use = process.children_use;
  state.exit_signal = process.exit_signal;
  state.exit_status = process.is_zombie ? process.wait_status : 0;
  state.has_executed = process.has_executed;
  state.is_dumpable = process.is_dumpable;
  state.queued_limit = process.limit(Limit::pending_signals).soft;
  state.resident_limit = process.limit(Limit::resident).soft;
}

void look_at_thread(Thread& thread, TaskState& state) {
  Process& process = thread.process();
  state.name = thread.name;
  state.resources = thread.resources();
  state.nice = thread.nice;
  state.policy = thread.policy;
  state.cpu = thread.last_cpu;
  state.affinity = thread.affinity;
  state.no_new_privileges = thread.no_new_privileges;
  state.personality = thread.personality;
  state.seccomp_mode = static_cast<int>(thread.seccomp.mode.load());
  state.seccomp_filters = thread.seccomp.filters ? thread.seccomp.filters->depth() : 0;
  state.start_time = thread.start_time;
  state.is_kernel = !thread.has_memory() && !thread.has_actions();
  state.is_exiting = thread.is_dying();
  state.use.voluntary_switches = thread.voluntary_switches;
  state.use.involuntary_switches = thread.involuntary_switches;
  LockGuard guard(process.signal_lock);
  state.pending = thread.pending_signals().set();
  state.shared_pending = process.pending.set();
  state.blocked = thread.blocked();
  state.queued_signals = thread.pending_signals().queued() + process.pending.queued();
}

void look_at_remains(Process& process, TaskState& state) {
  state.name = process.remains.name;
  state.resources.credentials = process.remains.credentials;
  state.nice = process.remains.nice;
  state.policy = process.remains.policy;
  state.cpu = process.remains.cpu;
  state.start_time = process.start_time;
  state.threads = 1;
  state.is_exiting = true;
  state.use = process.dead_threads_use;
}

void look_at_actions(SignalActions& actions, TaskState& state) {
  for (int signal = 1; signal <= signal_count; ++signal) {
    UserAddr handler = actions.get(signal).handler;
    if (handler == SignalAction::ignore) state.ignored.add(signal);
    else if (handler != SignalAction::default_handler) state.caught.add(signal);
  }
}

}  // namespace

Result<TaskState> Task::look() const {
  TaskState state;
  auto looked = with_thread([&](Thread* thread) {
    Process& process = *process_;
    state.tid = id();
    look_at_process(process, state);
    state.state = state_of(process, thread);
    if (!thread) {
      look_at_remains(process, state);
      return;
    }
    look_at_thread(*thread, state);
    if (!is_process()) {
      add_use(state.use, *thread);
      return;
    }
    state.start_time = process.start_time;
    const ResourceUse& dead = process.dead_threads_use;
    state.use.user_time += dead.user_time, state.use.system_time += dead.system_time;
    state.use.minor_faults += dead.minor_faults, state.use.major_faults += dead.major_faults;
    for (Thread& each : process.threads) add_use(state.use, each);
  });
  if (!looked) return std::unexpected(looked.error());
  if (!state.resources.credentials) return err::srch;
  if (state.resources.actions) look_at_actions(*state.resources.actions, state);
  return state;
}

Result<Task::Owner> Task::owner(bool is_open_directory) const {
  Owner owner;
  auto looked = with_thread([&](Thread* thread) {
    const Ref<const Credentials>& who = thread ? thread->resources().credentials : process_->remains.credentials;
    if (who && (is_open_directory || process_->is_dumpable)) owner = {who->euid, who->egid};
  });
  if (!looked) return std::unexpected(looked.error());
  return owner;
}

bool may_look_into(const Task& task, const TaskState& state) {
  Thread& self = current_thread();
  if (&self.process() == &task.process()) return true;
  return may_access(self.credentials(), AccessBy::file_system_ids, state.credentials(), state.is_dumpable);
}

}  // namespace halcyon::fs
