#include "core/task/process/pidfd.h"

#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"

namespace halcyon {

// The last thread has counted itself off before it wakes thread_event.
uint32_t PidFile::poll(PollTable* table) {
  if (table) table->watch(process_->thread_event);
  return process_->live_threads.load(std::memory_order_acquire) == 0 ? poll::in | poll::rdnorm : 0;
}

void PidFile::write_details(Writer& out) {
  int pid = -1;
  {
    LockGuard guard(process_->kernel().tree());
    if (!process_->is_reaped) pid = process_->pid();
  }
  print(out, "Pid:\t{}\nNSpid:\t{}\n", pid, pid);
}

namespace {

Result<Ref<Process>> process_with_id(Kernel& kernel, int pid) {
  LockGuard guard(kernel.tree());
  if (Process* process = kernel.find_process(pid)) return Ref<Process>(*process);
  if (kernel.is_id_in_use(pid)) return err::inval;
  return err::srch;
}

}  // namespace

Result<Ref<File>> make_pidfd(Kernel& kernel, int pid, uint32_t flags) {
  Ref<Process> process = TRY(process_with_id(kernel, pid));
  Ref<PidFile> file = TRY(make_ref<PidFile>(flags));
  file->set_process(*process);
  return Ref<File>(std::move(file));
}

Result<> PidfdForChild::prepare(Thread& parent, UserAddr to) {
  Ref<PidFile> file = TRY(make_ref<PidFile>(0u));
  uint64_t limit = parent.process().limit(Limit::open_files).soft;
  fd_ = TRY(files_.reserve(static_cast<unsigned>(std::min<uint64_t>(limit, FdTable::hard_limit))));
  file_ = std::move(file);
  return put_user(parent.memory(), UserPtr<int>(to), fd_);
}

void PidfdForChild::complete(Process& child) {
  if (!file_) return;
  file_->set_process(child);
  files_.fill(fd_, std::move(file_), true);
}

PidfdForChild::~PidfdForChild() {
  if (file_) files_.release(fd_);
}

}  // namespace halcyon
