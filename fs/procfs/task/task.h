// Task: a process, or one thread of it, as a directory of /proc names it; and TaskState: all that the core says about it at one moment.
//
// A Task keeps the process object but not the process: everything asks first whether it still exists, and says ESRCH if not.
#pragma once

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon::fs {

struct TaskState {
  int pid = 0, tid = 0, parent = 0, group = 0, session = 0;
  uint64_t terminal = 0;  // device number; 0: none
  int terminal_group = -1;
  char state = 'R';  // as ps(1) shows it
  std::array<char, 16> name{};
  // What it uses. Members are null when it has ended, except the credentials.
  Thread::Resources resources;
  unsigned threads = 0;
  ResourceUse use, children_use;
  int nice = 0, policy = 0;
  unsigned cpu = 0;
  uint64_t affinity = ~uint64_t{0};
  SignalSet pending, shared_pending, blocked, ignored, caught;
  unsigned queued_signals = 0;
  uint64_t queued_limit = 0;    // RLIMIT_SIGPENDING
  uint64_t resident_limit = 0;  // RLIMIT_RSS
  int exit_signal = 0, exit_status = 0;
  Nanoseconds start_time = 0;
  uint32_t personality = 0;
  int seccomp_mode = 0;  // as prctl(2) says it
  unsigned seccomp_filters = 0;
  bool is_kernel = false, is_exiting = false, has_executed = false, is_dumpable = false, no_new_privileges = false;

  std::string_view name_view() const { return {name.data(), std::min(std::string_view(name.data(), name.size()).find('\0'), name.size())}; }
  const Credentials& credentials() const { return *resources.credentials; }
};

class Task {
 public:
  // `tid` 0: the process as a whole.
  Task(Ref<Process> process, int tid) : process_(std::move(process)), tid_(tid) {}

  Process& process() const { return *process_; }
  bool is_process() const { return tid_ == 0; }
  int id() const { return tid_ ? tid_ : process_->pid(); }

  // ESRCH.
  Result<TaskState> look() const;
  // The owner of its files (proc(5)): its effective ids, or root if it may not be looked into. Directories that everybody may list are
  // always its own. ESRCH.
  struct Owner {
    uint32_t uid = 0, gid = 0;
  };
  Result<Owner> owner(bool is_open_directory) const;
  // Runs action(thread) under the tree lock; thread is null for a process that has ended but was not waited for. ESRCH.
  template <class Action>
  Result<> with_thread(Action&& action) const {
    Kernel& kernel = process_->kernel();
    LockGuard guard(kernel.tree());
    if (kernel.find_process(process_->pid()) != process_.get()) return err::srch;
    Thread* found = is_process() ? process_->main_thread() : nullptr;
    if (!is_process()) {
      found = kernel.find_thread(tid_);
      if (!found || &found->process() != process_.get()) return err::srch;
    }
    action(found);
    return {};
  }

 private:
  Ref<Process> process_;
  int tid_;
};

// Whether the running thread may look into the task: PTRACE_MODE_READ_FSCREDS of ptrace(2), "Ptrace access mode checking".
bool may_look_into(const Task& task, const TaskState& state);

}  // namespace halcyon::fs
