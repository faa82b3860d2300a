// wait4 and waitid: learning what became of children.
#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

namespace {

bool matches(const Process& child, const WaitRequest& request) {
  if (request.thread != 0 && child.parent_tid != request.thread) return false;
  bool is_clone = child.exit_signal != sig::chld;
  if (!request.all_children && is_clone != request.clone_children) return false;
  switch (request.which) {
    case WaitRequest::Which::any: return true;
    case WaitRequest::Which::pid: return child.pid() == request.id;
    case WaitRequest::Which::group: return child.process_group == request.id;
    case WaitRequest::Which::process: return &child == request.process;
  }
  return false;
}

uint32_t owner_of(Process& child) {
  Thread* main = child.main_thread();
  const Credentials* who = main ? main->resources().credentials.get() : child.remains.credentials.get();
  return who ? who->uid : 0;
}

// Fills in what there is to tell of one child, which is told once unless it is kept; false if nothing. Under the tree lock.
bool look_at(Process& child, const WaitRequest& request, WaitResult* result) {
  LockGuard guard(child.signal_lock);
  if (child.is_zombie) {
    if (!request.exited) return false;
    result->status = child.wait_status;
    result->code = (child.wait_status & 0x7f) ? si_code::child_killed : si_code::child_exited;
  } else if (child.report == Process::Report::stopped && request.stopped) {
    result->status = stopped_status(child.report_signal);
    result->code = si_code::child_stopped;
  } else if (child.report == Process::Report::continued && request.continued) {
    result->status = continued_status;
    result->code = si_code::child_continued;
  } else {
    return false;
  }
  if (!request.keep) child.report = Process::Report::none;
  result->pid = child.pid();
  result->uid = owner_of(child);
  result->use = child.dead_threads_use;
  result->use.add(child.children_use);
  return true;
}

// The only child that can match, if the request names one.
Process* named_child(Kernel& kernel, Process& parent, const WaitRequest& request) {
  int pid = request.which == WaitRequest::Which::pid ? request.id : request.process->pid();
  Process* child = kernel.find_process(pid);
  return child && child->parent == &parent ? child : nullptr;
}

// ECHILD if no child could ever match; a result with pid 0 if there is nothing to tell now.
Result<WaitResult> try_wait(Thread& self, const WaitRequest& request) {
  Kernel& kernel = self.kernel();
  Process& parent = self.process();
  LockGuard guard(kernel.tree());
  bool has_match = false;
  WaitResult result;
  // True if the child has something to tell.
  auto look = [&](Process& child) {
    if (!matches(child, request)) return false;
    // Of a child that has ended there is nothing more to come but its end.
    has_match |= request.exited || !child.is_zombie;
    if (!look_at(child, request, &result)) return false;
    if (child.is_zombie && !request.keep) {
      parent.children_use.add(result.use);
      kernel.remove_process(child);
    }
    return true;
  };
  if (request.which == WaitRequest::Which::pid || request.which == WaitRequest::Which::process) {
    Process* child = named_child(kernel, parent, request);
    if (child && look(*child)) return result;
  } else {
    for (Process& child : parent.children)
      if (look(child)) return result;
  }
  if (!has_match) return err::child;
  return WaitResult{};
}

}  // namespace

Result<WaitResult> wait_for_child(Thread& self, const WaitRequest& request) {
  Result<WaitResult> result = try_wait(self, request);
  if (!result || result->pid != 0 || request.no_hang) return result;
  auto something = [&] {
    result = try_wait(self, request);
    return !result || result->pid != 0;
  };
  if (!self.process().child_event.wait_until(something)) return err::restart;
  return result;
}

}  // namespace halcyon
