// Process groups and sessions (credentials(7), setpgid(2), setsid(2)). All of it is under the tree lock.
#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

bool is_session_leader(const Process& process) { return process.session && process.session->id == process.pid(); }

// Null for ESRCH. 0 means the caller.
Process* find(Thread& self, int pid) {
  if (pid == 0) return &self.process();
  return self.kernel().find_process_of(pid);
}

bool has_group(Kernel& kernel, int group, const Ref<Session>& session) {
  for (Process& process : kernel.group_members(group))
    if (process.session == session) return true;
  return false;
}

}  // namespace

Result<uint64_t> sys_setpgid(Thread& self, Pid pid, Pid group) {
  Process& own = self.process();
  int target = pid == 0 ? own.pid() : pid.value;
  int wanted = group == 0 ? target : group.value;
  if (wanted < 0) return err::inval;
  Kernel& kernel = self.kernel();
  LockGuard guard(kernel.tree());
  Process* process = kernel.find_process(target);
  if (!process) return kernel.find_thread(target) ? err::inval : err::srch;
  if (process->parent == &own) {
    if (process->session != own.session) return err::perm;
    if (process->has_executed) return err::acces;
  } else if (process != &own) {
    return err::srch;
  }
  if (is_session_leader(*process)) return err::perm;
  if (wanted != target && !has_group(kernel, wanted, own.session)) return err::perm;
  kernel.set_group(*process, wanted);
  return 0;
}

Result<uint64_t> sys_getpgid(Thread& self, Pid pid) {
  LockGuard guard(self.kernel().tree());
  Process* process = find(self, pid);
  if (!process) return err::srch;
  return static_cast<uint64_t>(process->process_group);
}

Result<uint64_t> sys_getpgrp(Thread& self) { return sys_getpgid(self, Pid{0}); }

Result<uint64_t> sys_setsid(Thread& self) {
  Process& own = self.process();
  Ref<Session> session = TRY(make_ref<Session>(own.pid()));
  LockGuard guard(self.kernel().tree());
  if (!self.kernel().group_members(own.pid()).is_empty()) return err::perm;
  self.kernel().set_group(own, own.pid());
  // The old session goes with the local, whose turn comes after the guard's.
  std::swap(own.session, session);
  return static_cast<uint64_t>(own.pid());
}

Result<uint64_t> sys_getsid(Thread& self, Pid pid) {
  LockGuard guard(self.kernel().tree());
  Process* process = find(self, pid);
  if (!process || !process->session) return err::srch;
  return static_cast<uint64_t>(process->session->id);
}

}  // namespace halcyon
