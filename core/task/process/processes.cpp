// The table of processes. All of it under the tree lock.
#include "core/base/assert.h"
#include "core/base/lock_guard.h"
#include "core/task/kernel.h"

namespace halcyon {

namespace {
constexpr int first_reused_id = 300;
}  // namespace

Process* Kernel::find_process(int pid) {
  auto found = process_index_.find(pid);
  return found == process_index_.end() ? nullptr : &*found;
}

Process* Kernel::next_process(int pid) {
  auto found = process_index_.lower_bound(pid);
  return found == process_index_.end() ? nullptr : &*found;
}

Thread* Kernel::find_thread(int tid) {
  auto found = thread_index_.find(tid);
  return found == thread_index_.end() ? nullptr : &*found;
}

Thread* Kernel::next_thread(int tid) {
  auto found = thread_index_.lower_bound(tid);
  return found == thread_index_.end() ? nullptr : &*found;
}

Process* Kernel::find_process_of(int id) {
  if (Process* process = find_process(id)) return process;
  Thread* thread = find_thread(id);
  return thread ? &thread->process() : nullptr;
}

Result<int> Kernel::allocate_id() {
  for (int tries = 0; tries < id_limit; ++tries) {
    int id = next_id_;
    next_id_ = next_id_ + 1 >= id_limit ? first_reused_id : next_id_ + 1;
    if (!may_be_in_use_) {
      if (next_id_ == first_reused_id && id != first_reused_id - 1) may_be_in_use_ = true;
      last_id_.store(id, std::memory_order_relaxed);
      return id;
    }
    if (is_id_in_use(id)) continue;
    last_id_.store(id, std::memory_order_relaxed);
    return id;
  }
  return err::again;
}

bool Kernel::is_id_in_use(int id) {
  if (find_process_of(id) || !group_members(id).is_empty()) return true;
  for (Process& process : processes_)
    if (process.session && process.session->id == id) return true;
  return false;
}

Result<> Kernel::claim_id(int id) {
  if (is_id_in_use(id)) return err::exist;
  if (id >= next_id_) may_be_in_use_ = true;
  return {};
}

Result<Ref<Process>> Kernel::add_process(int pid, Process* parent) {
  Ref<Process> process = TRY(make_ref<Process>(*this, pid));
  process->retain();
  processes_.push_back(*process);
  process_index_.insert(*process);
  groups_.insert(*process);
  process->parent = parent;
  if (parent) parent->children.push_back(*process);
  return process;
}

void Kernel::add_thread(Thread& thread) {
  Process& process = thread.process();
  LockGuard guard(process.signal_lock);
  thread.retain();
  process.threads.push_back(thread);
  thread_index_.insert(thread);
  process.live_threads.fetch_add(1);
  thread.is_counted_ = true;
  thread_count.fetch_add(1);
}

Ref<Thread> Kernel::remove_thread(Thread& thread) {
  thread_index_.erase(thread_index_.iterator_to(thread));
  Process& process = thread.process();
  process.threads.erase(process.threads.iterator_to(thread));
  return Ref<Thread>::adopt(&thread);
}

void Kernel::set_thread_id(Thread& thread, int tid) {
  thread_index_.erase(thread_index_.iterator_to(thread));
  thread.tid_ = tid;
  thread_index_.insert(thread);
}

void Kernel::set_group(Process& process, int group) {
  groups_.erase(groups_.iterator_to(process));
  process.process_group = group;
  groups_.insert(process);
}

void Kernel::remove_process(Process& process) {
  ASSERT(process.threads.empty());
  processes_.erase(processes_.iterator_to(process));
  process_index_.erase(process_index_.iterator_to(process));
  groups_.erase(groups_.iterator_to(process));
  if (process.parent) process.parent->children.erase(process.parent->children.iterator_to(process));
  process.parent = nullptr;
  process.is_reaped = true;
  Ref<Process>::adopt(&process);
}

bool is_controlled_by(const Process& process, const Process* parent) {
  return parent && parent->process_group != process.process_group && parent->session == process.session;
}

bool is_orphaned_group(Kernel& kernel, int group, const Process* ignored) {
  for (Process& process : kernel.group_members(group)) {
    if (&process == ignored || process.is_zombie) continue;
    if (is_controlled_by(process, process.parent) || kernel.is_controlled_from_outside(process)) return false;
  }
  return true;
}

}  // namespace halcyon
