// How a thread or process ends, and what ids it has.
#include "core/task/process/process.h"
#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "syscalls/calls.h"

namespace halcyon {

Result<uint64_t> sys_exit(Thread& self, int status) {
  self.request_exit(exited_status(status));
  return 0;
}

Result<uint64_t> sys_exit_group(Thread& self, int status) {
  self.process().begin_exit(exited_status(status));
  return 0;
}

Result<uint64_t> sys_getpid(Thread& self) { return static_cast<uint64_t>(self.process().pid()); }
Result<uint64_t> sys_gettid(Thread& self) { return static_cast<uint64_t>(self.tid()); }

Result<uint64_t> sys_getppid(Thread& self) {
  LockGuard guard(self.kernel().tree());
  Process* parent = self.process().parent;
  return parent ? static_cast<uint64_t>(parent->pid()) : 0;
}

Result<uint64_t> sys_set_tid_address(Thread& self, UserPtr<int> address) {
  self.clear_child_tid = address.address();
  return static_cast<uint64_t>(self.tid());
}

}  // namespace halcyon
