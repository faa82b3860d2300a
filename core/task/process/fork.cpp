// clone: making a copy of a thread, in its own process or in a new one.
#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/pidfd.h"
#include "core/task/process/process.h"

namespace halcyon {

// On the stack of a parent in vfork; the child finds it through Thread::vfork_done.
struct VforkDone {
  WaitQueue queue;
  std::atomic<bool> is_done{false};
};

void release_vfork_parent(Thread& child) {
  VforkDone* done = nullptr;
  {
    LockGuard guard(child.kernel().tree());
    done = std::exchange(child.vfork_done, nullptr);
    // Under the lock, because the parent, too, takes it before its VforkDone goes.
    if (done) {
      done->is_done.store(true, std::memory_order_release);
      done->queue.wake_all();
    }
  }
}

namespace {

Result<Thread::Resources> copy_resources(Thread& self, const CloneRequest& request) {
  Thread::Resources from = self.resources();
  Thread::Resources to;
  to.credentials = from.credentials;
  to.files = request.share_files ? from.files : TRY(from.files->copy());
  to.fs = request.share_fs ? from.fs : TRY(from.fs->copy());
  to.actions = request.share_actions ? from.actions : TRY(from.actions->copy());
  if (request.clear_handlers) to.actions->reset_handlers();
  to.memory = request.share_memory ? from.memory : TRY(from.memory->fork());
  return to;
}

void inherit(Thread& child, Thread& self, const CloneRequest& request) {
  child.name = self.name;
  child.affinity = self.affinity.load();
  child.nice = self.resets_on_fork ? std::max(self.nice, 0) : self.nice;
  child.policy = self.resets_on_fork ? 0 : self.policy;
  child.timer_slack = child.default_timer_slack = self.timer_slack;
  child.personality = self.personality.load();
  child.memory_failure = self.memory_failure;
  child.is_io_flusher = self.is_io_flusher;
  inherit_seccomp(child, self);
  child.last_fault = self.last_fault;
  child.clear_child_tid = request.clear_child_tid;
  if (!request.share_memory && self.restartable.address) {
    child.restartable = self.restartable;
    child.restartable.cpu = RestartableArea::no_cpu;
    child.add_work(work::sequence);
  }
  if (!request.share_memory || request.wait_for_exec) child.signal_stack() = self.signal_stack();
  hal::UserContext& context = child.context();
  context.copy_from(self.context());
  context.finish_syscall(0);
  if (request.stack) context.set(hal::Reg::sp, request.stack);
  if (request.set_tls) context.set(hal::Reg::tls, request.tls);
}

Result<Ref<Process>> make_process(Thread& self, int pid, const CloneRequest& request) {
  Kernel& kernel = self.kernel();
  Process& parent = self.process();
  Ref<Process> process = TRY(kernel.add_process(pid, request.same_parent ? parent.parent : &parent));
  kernel.set_group(*process, parent.process_group);
  process->session = parent.session;
  process->exit_signal = request.same_parent ? parent.exit_signal : request.exit_signal;
  process->parent_tid = request.same_parent ? parent.parent_tid : self.tid();
  process->start_time = kernel.clock().monotonic();
  process->is_dumpable = parent.is_dumpable.load();
  process->oom_score_adjustment = parent.oom_score_adjustment.load();
  {
    LockGuard guard(parent.limits_lock);
    process->limits = parent.limits;
  }
  if (process->limits[static_cast<unsigned>(Limit::cpu)].soft != unlimited) process->has_cpu_timers = true;
  return process;
}

// RLIMIT_NPROC counts a user's threads; root and CAP_SYS_RESOURCE are exempt.
Result<> check_limits(Thread& self) {
  Kernel& kernel = self.kernel();
  if (kernel.thread_count.load() >= kernel.thread_limit() || kernel.is_shutting_down()) return err::again;
  uint64_t limit = self.process().limit(Limit::processes).soft;
  const Credentials& who = self.credentials();
  if (limit == unlimited || who.uid == 0 || has_capability(who, capability::sys_resource)) return {};
  // Where there are fewer in all, nobody has too many.
  if (kernel.thread_count.load() < limit) return {};
  uint64_t count = 0;
  LockGuard guard(kernel.tree());
  for (Process& process : kernel.processes()) {
    Thread* main = process.main_thread();
    if (main && main->has_actions() && main->credentials().uid == who.uid) count += process.live_threads.load();
  }
  if (count >= limit) return err::again;
  return {};
}

// Under the tree lock.
Result<int> new_id(Kernel& kernel, const CloneRequest& request) {
  if (request.chosen_id == 0) return kernel.allocate_id();
  TRY(kernel.claim_id(request.chosen_id));
  return request.chosen_id;
}

// What a group got while one of its members made a copy of itself would miss the copy: the call starts again when that is dealt with.
bool misses_group_signal(Thread& self, uint32_t seen) {
  return self.process().group_signals != seen && (self.pending_work() & (work::signal | work::die)) != 0;
}

void wait_for_vfork_child(Thread& self, Thread& child, VforkDone& done) {
  // A signal does not end the wait, only death does.
  static_cast<void>(done.queue.wait_until([&] { return done.is_done.load(std::memory_order_acquire); }, never, Interruptible::by_death));
  LockGuard guard(self.kernel().tree());
  child.vfork_done = nullptr;
}

}  // namespace

Result<int> clone_thread(Thread& self, const CloneRequest& request) {
  Kernel& kernel = self.kernel();
  TRY(check_limits(self));
  uint32_t group_signals;
  {
    LockGuard guard(kernel.tree());
    group_signals = self.process().group_signals;
  }
  Thread::Resources resources = TRY(copy_resources(self, request));
  PidfdForChild pidfd(self);
  if (request.make_pidfd) {
    TRY(pidfd.prepare(self, request.pidfd));
  }
  int tid;
  Ref<Thread> child;
  VforkDone done;
  {
    LockGuard tree_guard(kernel.tree());
    if (!request.same_process && misses_group_signal(self, group_signals)) return err::restart_always;
    tid = TRY(new_id(kernel, request));
    Ref<Process> process(self.process());
    if (!request.same_process) process = TRY(make_process(self, tid, request));
    auto created = Thread::create(*process, tid, std::move(resources));
    if (!created) {
      if (!request.same_process) kernel.remove_process(*process);
      return std::unexpected(created.error());
    }
    child = *std::move(created);
    inherit(*child, self, request);
    if (request.wait_for_exec) child->vfork_done = &done;
    child->blocked_ = self.blocked();
    child->blocked_bits_.store(self.blocked().bits());
    kernel.add_thread(*child);
    LockGuard guard(process->signal_lock);
    if (process->is_exiting || process->executing) child->add_work(work::die);
  }
  pidfd.complete(child->process());
  kernel.forks.fetch_add(1, std::memory_order_relaxed);
  if (request.parent_tid) static_cast<void>(put_user(self.memory(), UserPtr<uint32_t>(request.parent_tid), static_cast<uint32_t>(tid)));
  if (request.child_tid) static_cast<void>(put_user(child->memory(), UserPtr<uint32_t>(request.child_tid), static_cast<uint32_t>(tid)));
  child->start();
  if (request.wait_for_exec) wait_for_vfork_child(self, *child, done);
  return tid;
}

}  // namespace halcyon
