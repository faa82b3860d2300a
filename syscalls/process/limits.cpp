// Resource limits and resource use: getrlimit, setrlimit, prlimit64, getrusage.
#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/abi/abi.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

ResourceLimit read_limit(Process& process, uint32_t resource) { return process.limit(static_cast<Limit>(resource)); }

// The address space keeps its own copy of the limits that mmap(2) and the stack look at.
void tell_memory(Process& process, AddressSpace& memory) {
  memory.set_limits(process.limit(Limit::address_space).soft, process.limit(Limit::data).soft, process.limit(Limit::stack).soft);
}

// EINVAL; EPERM: raising a hard limit takes CAP_SYS_RESOURCE, and no table of descriptors grows beyond fs.nr_open.
Result<> write_limit(Thread& self, Process& process, uint32_t resource, const Rlimit& limit) {
  if (limit.soft > limit.hard) return err::inval;
  auto which = static_cast<Limit>(resource);
  if (which == Limit::open_files && limit.hard > FdTable::hard_limit) return err::perm;
  LockGuard guard(process.limits_lock);
  ResourceLimit& current = process.limits[resource];
  if (limit.hard > current.hard && !has_capability(self.credentials(), capability::sys_resource)) return err::perm;
  current = {limit.soft, limit.hard};
  if (which == Limit::cpu && limit.soft != unlimited) {
    current.soft = std::max<uint64_t>(limit.soft, 1);  // as on Linux: 0 would mean at once
    process.has_cpu_timers = true;
  }
  return {};
}

// prlimit(2): every real, effective and saved id of the other must be the caller's real one.
bool may_limit(const Credentials& who, const Credentials& other) {
  bool is_same_user = who.uid == other.uid && who.uid == other.euid && who.uid == other.suid;
  bool is_same_group = who.gid == other.gid && who.gid == other.egid && who.gid == other.sgid;
  return (is_same_user && is_same_group) || has_capability(who, capability::sys_resource);
}

struct Target {
  Ref<Process> process;
  Ref<AddressSpace> memory;  // null for a process without
};

// ESRCH, EPERM.
Result<Target> find_target(Thread& self, int pid) {
  LockGuard guard(self.kernel().tree());
  Kernel& kernel = self.kernel();
  Thread* thread = pid == 0 ? &self : kernel.find_thread(pid);
  Process* process = thread ? &thread->process() : kernel.find_process(pid);
  if (!process) return err::srch;
  if (!thread) thread = process->main_thread();
  const Credentials* theirs = thread ? thread->resources().credentials.get() : process->remains.credentials.get();
  if (!theirs) return err::srch;  // of the kernel itself
  if (thread != &self && !may_limit(self.credentials(), *theirs)) return err::perm;
  return Target{Ref<Process>(*process), thread ? thread->resources().memory : nullptr};
}

}  // namespace

Result<uint64_t> sys_getrlimit(Thread& self, ResourceId resource, UserPtr<Rlimit> limit) {
  if (resource >= limit_count) return err::inval;
  ResourceLimit current = read_limit(self.process(), resource);
  TRY(put_user(self.memory(), limit, {current.soft, current.hard}));
  return 0;
}

Result<uint64_t> sys_setrlimit(Thread& self, ResourceId resource, UserPtr<const Rlimit> limit) {
  Rlimit wanted = TRY(get_user(self.memory(), limit));
  if (resource >= limit_count) return err::inval;
  TRY(write_limit(self, self.process(), resource, wanted));
  tell_memory(self.process(), self.memory());
  return 0;
}

Result<uint64_t> sys_prlimit64(Thread& self, Pid pid, ResourceId resource, UserPtr<const Rlimit> limit, UserPtr<Rlimit> old) {
  Rlimit wanted{};
  if (limit) wanted = TRY(get_user(self.memory(), limit));
  Target target = TRY(find_target(self, pid));
  if (resource >= limit_count) return err::inval;
  ResourceLimit current = read_limit(*target.process, resource);
  if (limit) {
    TRY(write_limit(self, *target.process, resource, wanted));
    if (target.memory) tell_memory(*target.process, *target.memory);
  }
  if (!old) return 0;
  TRY(put_user(self.memory(), old, {current.soft, current.hard}));
  return 0;
}

namespace {

ResourceUse use_of_thread(Thread& self) {
  ResourceUse use;
  use.user_time = self.user_time, use.system_time = self.system_time;
  use.minor_faults = self.minor_faults, use.major_faults = self.major_faults;
  use.voluntary_switches = self.voluntary_switches, use.involuntary_switches = self.involuntary_switches;
  use.max_resident_pages = self.memory().peak_resident_pages();
  return use;
}

ResourceUse use_of_children(Thread& self) {
  LockGuard guard(self.kernel().tree());
  return self.process().children_use;
}

}  // namespace

Result<uint64_t> sys_getrusage(Thread& self, UsageWho who, UserPtr<UserRusage> usage) {
  constexpr int own = 0, children = -1, thread = 1;
  ResourceUse use;
  self.account();
  if (who == own) use = self.process().use();
  else if (who == children) use = use_of_children(self);
  else if (who == thread) use = use_of_thread(self);
  else return err::inval;
  TRY(put_user(self.memory(), usage.as<RusageLayout>(), to_user(use)));
  return 0;
}

}  // namespace halcyon
