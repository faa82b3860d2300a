// Scheduling: policies, nice values, affinity. Policies are remembered and reported; only nice values weigh, with the fair scheduler.
#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "hal/port.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

namespace policy {
constexpr int other = 0, fifo = 1, round_robin = 2, batch = 3, idle = 5, deadline = 6;
constexpr int reset_on_fork = 0x40000000;
}  // namespace policy

// Whose scheduling a call is about: a thread, or what is left of a process that nobody has waited for yet. Under the tree lock.
struct Scheduled {
  Process& process;
  Thread* thread;  // null: nothing runs any more
  const Credentials& owner;
  int& nice;
  int& policy;
  bool& resets_on_fork;

  explicit Scheduled(Thread& of)
      : process(of.process()), thread(&of), owner(of.credentials()), nice(of.nice), policy(of.policy), resets_on_fork(of.resets_on_fork) {}
  explicit Scheduled(Process& of)
      : process(of),
        thread(nullptr),
        owner(*of.remains.credentials),
        nice(of.remains.nice),
        policy(of.remains.policy),
        resets_on_fork(of.remains.resets_on_fork) {}
  uint64_t affinity() const { return thread ? thread->affinity.load() : process.remains.affinity; }
};

bool is_left_over(const Process& process) { return process.threads.empty() && process.remains.credentials; }

// ESRCH. Under the tree lock.
Result<Scheduled> find(Thread& self, int tid) {
  Thread* thread = tid == 0 ? &self : self.kernel().find_thread(tid);
  if (thread && thread->resources().credentials) return Scheduled(*thread);
  Process* process = self.kernel().find_process(tid);
  if (thread || !process || !is_left_over(*process)) return err::srch;
  return Scheduled(*process);
}

// Whether the caller may change how `other` is scheduled.
bool may_schedule(Thread& self, const Scheduled& other) {
  const Credentials& who = self.credentials();
  const Credentials& owner = other.owner;
  return who.euid == owner.uid || who.euid == owner.euid || has_capability(who, capability::sys_nice);
}

// EPERM for a thread of another user's; EACCES for raising the priority beyond RLIMIT_NICE.
Result<> set_nice(Thread& self, Scheduled& target, int nice) {
  if (!may_schedule(self, target)) return err::perm;
  uint64_t reachable = target.process.limit(Limit::nice).soft;
  bool is_allowed = nice >= target.nice || static_cast<uint64_t>(20 - nice) <= reachable;
  if (!is_allowed && !has_capability(self.credentials(), capability::sys_nice)) return err::acces;
  target.nice = nice;
  return {};
}

uint64_t cpu_mask(Kernel& kernel) { return kernel.cpu_count() >= 64 ? ~uint64_t{0} : (uint64_t{1} << kernel.cpu_count()) - 1; }

// Makes a thread leave a CPU that it may not use any more: at once if it waits, else when it next leaves user mode.
void move_away(Thread& self, Thread& thread) {
  Kernel& kernel = self.kernel();
  if (kernel.scheduler().dequeue(thread)) kernel.make_ready(thread, false);
  else thread.add_work(work::reschedule);
}

}  // namespace

Result<uint64_t> sys_sched_yield(Thread&) {
  yield();
  return 0;
}

Result<uint64_t> sys_sched_getaffinity(Thread& self, Pid pid, size_t size, UserPtr<std::byte> mask) {
  // Linux's unit is the unsigned long, and the mask is as long as its table of CPUs.
  if (size * 8 < self.kernel().cpu_count() || size % sizeof(uint64_t) != 0) return err::inval;
  uint64_t bits;
  {
    LockGuard guard(self.kernel().tree());
    bits = TRY(find(self, pid)).affinity() & cpu_mask(self.kernel());
  }
  TRY(put_user(self.memory(), UserPtr<uint64_t>(mask.address()), bits));
  return sizeof bits;
}

Result<uint64_t> sys_sched_setaffinity(Thread& self, Pid pid, size_t size, UserPtr<const std::byte> mask) {
  uint64_t bits = 0;
  size_t length = std::min(size, sizeof bits);
  auto bytes = std::as_writable_bytes(std::span(&bits, 1)).first(length);
  TRY(get_user_bytes(self.memory(), bytes, mask.address()));
  LockGuard guard(self.kernel().tree());
  Scheduled target = TRY(find(self, pid));
  if (!may_schedule(self, target)) return err::perm;
  bits &= cpu_mask(self.kernel());
  if (bits == 0) return err::inval;
  Thread* thread = target.thread;
  if (!thread) {
    target.process.remains.affinity = bits;
    return 0;
  }
  thread->affinity.store(bits);
  if (!(bits >> thread->last_cpu & 1)) move_away(self, *thread);
  return 0;
}

Result<uint64_t> sys_sched_getscheduler(Thread& self, Pid pid) {
  if (pid < 0) return err::inval;
  LockGuard guard(self.kernel().tree());
  Scheduled target = TRY(find(self, pid));
  return static_cast<uint64_t>(target.policy | (target.resets_on_fork ? policy::reset_on_fork : 0));
}

Result<uint64_t> sys_sched_setscheduler(Thread& self, Pid pid, SchedPolicy policy, UserPtr<const int> parameters) {
  if (pid < 0 || policy < 0 || !parameters) return err::inval;
  int priority = TRY(get_user(self.memory(), parameters));
  int wanted = policy & ~policy::reset_on_fork;
  bool is_real_time = wanted == policy::fifo || wanted == policy::round_robin;
  if (!is_real_time && wanted != policy::other && wanted != policy::batch && wanted != policy::idle) return err::inval;
  if (is_real_time ? priority < 1 || priority > 99 : priority != 0) return err::inval;
  LockGuard guard(self.kernel().tree());
  Scheduled target = TRY(find(self, pid));
  if (!may_schedule(self, target)) return err::perm;
  if (is_real_time) return has_capability(self.credentials(), capability::sys_nice) ? err::inval : err::perm;
  target.policy = wanted;
  target.resets_on_fork = (policy & policy::reset_on_fork) != 0;
  return 0;
}

Result<uint64_t> sys_sched_getparam(Thread& self, Pid pid, UserPtr<int> parameters) {
  if (pid < 0 || !parameters) return err::inval;
  {
    LockGuard guard(self.kernel().tree());
    TRY(find(self, pid));
  }
  TRY(put_user(self.memory(), parameters, 0));
  return 0;
}

// All policies that there are have the static priority 0.
Result<uint64_t> sys_sched_setparam(Thread& self, Pid pid, UserPtr<const int> parameters) {
  if (pid < 0 || !parameters) return err::inval;
  int priority = TRY(get_user(self.memory(), parameters));
  LockGuard guard(self.kernel().tree());
  Scheduled target = TRY(find(self, pid));
  if (priority != 0) return err::inval;
  if (!may_schedule(self, target)) return err::perm;
  return 0;
}

namespace {

struct SchedAttributes {  // struct sched_attr of sched_setattr(2)
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
  uint32_t least_utilization, most_utilization;
};
constexpr uint32_t first_attributes_size = 48;  // without the utilizations
constexpr uint32_t attributes_size = sizeof(SchedAttributes);

// E2BIG, with the size that is known written back, if the structure is of another version that says more.
Result<SchedAttributes> get_attributes(Thread& self, UserPtr<const std::byte> from) {
  AddressSpace& memory = self.memory();
  SchedAttributes attributes{};
  uint32_t size = TRY(get_user(memory, UserPtr<const uint32_t>(from.address())));
  if (size == 0) size = first_attributes_size;
  bool is_known = size >= first_attributes_size && size <= page_size;
  for (uint64_t at = attributes_size; is_known && at < size; ++at) {
    auto rest = TRY(get_user(memory, UserPtr<const uint8_t>(from.address() + at)));
    is_known = rest == 0;
  }
  if (!is_known) {
    TRY(put_user(memory, UserPtr<uint32_t>(from.address()), attributes_size));
    return err::toobig;
  }
  auto bytes = std::as_writable_bytes(std::span(&attributes, 1)).first(std::min(size, attributes_size));
  TRY(get_user_bytes(memory, bytes, from.address()));
  return attributes;
}

}  // namespace

Result<uint64_t> sys_sched_setattr(Thread& self, Pid pid, UserPtr<const std::byte> attributes, uint32_t flags) {
  constexpr uint64_t reset_on_fork = 1, keep_policy = 8, keep_parameters = 16, known_flags = 0x7f;
  if (pid < 0 || !attributes || flags != 0) return err::inval;
  SchedAttributes wanted = TRY(get_attributes(self, attributes));
  LockGuard guard(self.kernel().tree());
  Scheduled target = TRY(find(self, pid));
  int policy = (wanted.flags & keep_policy) ? target.policy : static_cast<int>(wanted.policy);
  bool is_there = policy == policy::other || policy == policy::batch || policy == policy::idle;
  if (!is_there || wanted.priority != 0 || (wanted.flags & ~known_flags)) return err::inval;
  if (wanted.flags & ~(reset_on_fork | keep_policy | keep_parameters)) return err::opnotsupp;
  if (!may_schedule(self, target)) return err::perm;
  if (!(wanted.flags & keep_parameters) && policy != policy::idle) {
    int nice = std::clamp(wanted.nice, -20, 19);
    if (!set_nice(self, target, nice)) return err::perm;
  }
  target.policy = policy;
  target.resets_on_fork = (wanted.flags & reset_on_fork) != 0;
  return 0;
}

Result<uint64_t> sys_sched_getattr(Thread& self, Pid pid, UserPtr<std::byte> attributes, uint32_t size, uint32_t flags) {
  if (pid < 0 || !attributes || size < first_attributes_size || size > page_size || flags != 0) return err::inval;
  SchedAttributes found{};
  {
    LockGuard guard(self.kernel().tree());
    Scheduled target = TRY(find(self, pid));
    found.policy = static_cast<uint32_t>(target.policy);
    found.nice = target.nice;
    found.flags = target.resets_on_fork;
  }
  found.size = std::min(size, attributes_size);
  auto bytes = std::as_bytes(std::span(&found, 1)).first(found.size);
  TRY(put_user_bytes(self.memory(), attributes.address(), bytes));
  return 0;
}

// All threads have the same slice.
Result<uint64_t> sys_sched_rr_get_interval(Thread& self, Pid pid, UserPtr<Timespec> interval) {
  if (pid < 0) return err::inval;
  {
    LockGuard guard(self.kernel().tree());
    TRY(find(self, pid));
  }
  constexpr Nanoseconds second = 1'000'000'000;
  Nanoseconds slice = self.kernel().options().time_slice;
  TRY(put_user(self.memory(), interval, Timespec{slice / second, slice % second}));
  return 0;
}

Result<uint64_t> sys_sched_get_priority_max(Thread&, SchedPolicy policy) {
  switch (policy) {
    case policy::fifo:
    case policy::round_robin: return 99;
    case policy::other:
    case policy::batch:
    case policy::idle:
    case policy::deadline: return 0;
    default: return err::inval;
  }
}

Result<uint64_t> sys_sched_get_priority_min(Thread& self, SchedPolicy policy) {
  uint64_t highest = TRY(sys_sched_get_priority_max(self, policy));
  return highest > 0 ? 1 : 0;
}

namespace {

enum class Who { process, group, user, invalid };

Who who_from(int which) { return which < 0 || which > 2 ? Who::invalid : static_cast<Who>(which); }

// Calls action(scheduled) for everything that getpriority(2) means; ESRCH if there is none. Under the tree lock.
template <class Action>
Result<> for_each_meant(Thread& self, Who which, int who, Action action) {
  Kernel& kernel = self.kernel();
  if (which == Who::process) {
    Scheduled target = TRY(find(self, who));
    action(target);
    return {};
  }
  bool is_any = false;
  uint32_t uid = who == 0 ? self.credentials().uid : static_cast<uint32_t>(who);
  auto consider = [&](Scheduled target) {
    if (which == Who::user && target.owner.uid != uid) return;
    is_any = true;
    action(target);
  };
  auto consider_all = [&](Process& process) {
    for (Thread& thread : process.threads)
      if (thread.resources().credentials) consider(Scheduled(thread));
    if (is_left_over(process)) consider(Scheduled(process));
  };
  if (which == Who::group) {
    int group = who == 0 ? self.process().process_group : who;
    for (Process& process : kernel.group_members(group)) consider_all(process);
  } else {
    for (Process& process : kernel.processes()) consider_all(process);
  }
  if (!is_any) return err::srch;
  return {};
}

}  // namespace

// As 20 - nice, so that no value looks like an error.
Result<uint64_t> sys_getpriority(Thread& self, PriorityWhich which, int who) {
  Who meant = who_from(which);
  if (meant == Who::invalid) return err::inval;
  int best = 0;
  LockGuard guard(self.kernel().tree());
  auto found = for_each_meant(self, meant, who, [&](Scheduled& target) { best = std::max(best, 20 - target.nice); });
  if (!found) return std::unexpected(found.error());
  return static_cast<uint64_t>(best);
}

Result<uint64_t> sys_setpriority(Thread& self, PriorityWhich which, int who, int nice) {
  Who meant = who_from(which);
  if (meant == Who::invalid) return err::inval;
  nice = std::clamp(nice, -20, 19);
  Result<> result;
  LockGuard guard(self.kernel().tree());
  auto found = for_each_meant(self, meant, who, [&](Scheduled& target) {
    if (auto set = set_nice(self, target, nice); !set) result = set;
  });
  if (!found) return std::unexpected(found.error());
  if (!result) return std::unexpected(result.error());
  return 0;
}

Result<uint64_t> sys_getcpu(Thread& self, UserPtr<uint32_t> cpu, UserPtr<uint32_t> node) {
  uint32_t id = hal::this_cpu().id();
  if (cpu) {
    TRY(put_user(self.memory(), cpu, id));
  }
  if (node) {
    TRY(put_user(self.memory(), node, 0));
  }
  return 0;
}

}  // namespace halcyon
