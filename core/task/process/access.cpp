#include "core/task/process/access.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"

namespace halcyon {

bool may_access(const Credentials& who, AccessBy by, const Credentials& whose, bool is_dumpable) {
  if (has_capability(who, capability::sys_ptrace)) return true;
  bool is_real = by == AccessBy::real_ids;
  uint32_t uid = is_real ? who.uid : who.fsuid;
  uint32_t gid = is_real ? who.gid : who.fsgid;
  bool same_user = uid == whose.euid && uid == whose.suid && uid == whose.uid;
  bool same_group = gid == whose.egid && gid == whose.sgid && gid == whose.gid;
  uint64_t own_capabilities = is_real ? who.permitted : who.effective;
  return same_user && same_group && is_dumpable && (whose.permitted & ~own_capabilities) == 0;
}

namespace {

// `thread` is null for a process without threads. Under the tree lock.
Result<Thread::Resources> access(Thread& self, Process& process, Thread* thread) {
  Thread::Resources resources;
  if (thread) resources = thread->resources();
  else resources.credentials = process.remains.credentials;
  if (&process == &self.process()) return resources;
  if (!resources.credentials) return err::srch;
  if (!may_access(self.credentials(), AccessBy::real_ids, *resources.credentials, process.is_dumpable)) return err::perm;
  return resources;
}

}  // namespace

Result<Thread::Resources> access_thread(Thread& self, int tid) {
  Kernel& kernel = self.kernel();
  LockGuard guard(kernel.tree());
  if (Thread* thread = kernel.find_thread(tid)) return access(self, thread->process(), thread);
  Process* process = kernel.find_process(tid);
  if (!process) return err::srch;
  return access(self, *process, nullptr);
}

Result<Thread::Resources> access_process(Thread& self, Process& process) {
  LockGuard guard(self.kernel().tree());
  if (process.is_reaped) return err::srch;
  return access(self, process, process.main_thread());
}

}  // namespace halcyon
