// Making, ending and awaiting processes and threads.
#include "core/task/process/process.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "syscalls/abi/abi.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

namespace clone_flag {
constexpr uint64_t signal_mask = 0xff, vm = 0x100, fs = 0x200, files = 0x400, sighand = 0x800, pidfd = 0x1000, ptrace = 0x2000,
                   vfork = 0x4000;
constexpr uint64_t parent = 0x8000, thread = 0x10000, newns = 0x20000, settls = 0x80000, parent_settid = 0x100000;
constexpr uint64_t child_cleartid = 0x200000, detached = 0x400000, child_settid = 0x1000000, newcgroup = 0x2000000;
constexpr uint64_t newuts = 0x4000000, newipc = 0x8000000, newuser = 0x10000000, newpid = 0x20000000, newnet = 0x40000000;
constexpr uint64_t clear_sighand = 0x100000000, into_cgroup = 0x200000000, newtime = 0x80;
constexpr uint64_t namespaces = newns | newcgroup | newuts | newipc | newuser | newpid | newnet;
}  // namespace clone_flag

struct CloneArguments {  // struct clone_args of clone3(2)
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

Result<uint64_t> do_clone(Thread& self, const CloneArguments& arguments) {
  using namespace clone_flag;
  uint64_t flags = arguments.flags;
  if ((flags & sighand) && !(flags & vm)) return err::inval;
  if ((flags & thread) && !(flags & sighand)) return err::inval;
  if ((flags & clear_sighand) && (flags & sighand)) return err::inval;
  if ((flags & thread) && (flags & parent)) return err::inval;
  // Namespaces are not there: what Linux says when it is built without them.
  if (flags & (namespaces | pidfd | into_cgroup)) return err::inval;
  if (arguments.exit_signal > static_cast<uint64_t>(signal_count)) return err::inval;
  if ((flags & parent) && &self.process() == self.kernel().init()) return err::inval;
  CloneRequest request;
  request.share_memory = (flags & vm) != 0;
  request.share_files = (flags & files) != 0;
  request.share_fs = (flags & fs) != 0;
  request.share_actions = (flags & sighand) != 0;
  request.same_process = (flags & thread) != 0;
  request.same_parent = (flags & parent) != 0;
  request.wait_for_exec = (flags & vfork) != 0;
  request.clear_handlers = (flags & clear_sighand) != 0;
  request.stack = arguments.stack ? arguments.stack + arguments.stack_size : 0;
  request.set_tls = (flags & settls) != 0;
  request.tls = arguments.tls;
  if (request.set_tls && !self.memory().is_valid_range(request.tls, 0)) return err::perm;
  if (flags & parent_settid) request.parent_tid = arguments.parent_tid;
  if (flags & child_settid) request.child_tid = arguments.child_tid;
  if (flags & child_cleartid) request.clear_child_tid = arguments.child_tid;
  request.exit_signal = flags & thread ? 0 : static_cast<int>(arguments.exit_signal);
  int tid = TRY(clone_thread(self, request));
  return static_cast<uint64_t>(tid);
}

Result<uint64_t> old_clone(Thread& self, uint64_t flags, UserAddr stack, UserAddr parent_tid, UserAddr child_tid, uint64_t tls) {
  CloneArguments arguments{};
  arguments.flags = flags & ~clone_flag::signal_mask & 0xffff'ffff;
  arguments.exit_signal = flags & clone_flag::signal_mask;
  arguments.stack = stack;
  arguments.parent_tid = parent_tid;
  arguments.child_tid = child_tid;
  arguments.tls = tls;
  return do_clone(self, arguments);
}

}  // namespace

Result<uint64_t> sys_fork(Thread& self) { return old_clone(self, static_cast<uint64_t>(sig::chld), 0, 0, 0, 0); }

Result<uint64_t> sys_vfork(Thread& self) {
  return old_clone(self, clone_flag::vm | clone_flag::vfork | static_cast<uint64_t>(sig::chld), 0, 0, 0, 0);
}

Result<uint64_t> sys_clone(Thread& self, CloneFlags flags, Hex stack, UserPtr<int> parent_tid, UserPtr<int> child_tid, Hex tls) {
  return old_clone(self, flags, stack, parent_tid.address(), child_tid.address(), tls);
}

Result<uint64_t> sys_clone_backwards(Thread& self, CloneFlags flags, Hex stack, UserPtr<int> parent_tid, Hex tls, UserPtr<int> child_tid) {
  return old_clone(self, flags, stack, parent_tid.address(), child_tid.address(), tls);
}

Result<uint64_t> sys_clone3(Thread& self, UserPtr<const UserCloneArgs> from, size_t size) {
  constexpr size_t first_size = 64;
  if (size > page_size) return err::toobig;
  if (size < first_size) return err::inval;
  CloneArguments arguments{};
  size_t known = std::min(size, sizeof arguments);
  if (copy_from_user(self.memory(), std::as_writable_bytes(std::span(&arguments, 1)).first(known), from.address()) != known)
    return err::fault;
  // A newer caller's unknown part must be zero.
  for (size_t at = known; at < size; ++at) {
    uint8_t byte = TRY(get_user(self.memory(), UserPtr<const uint8_t>(from.address() + at)));
    if (byte) return err::toobig;
  }
  using namespace clone_flag;
  if (arguments.flags & (signal_mask & ~newtime)) return err::inval;
  if (arguments.flags & (detached | newtime | ptrace)) return err::inval;
  if ((arguments.flags & (thread | parent)) && arguments.exit_signal) return err::inval;
  if (arguments.set_tid || arguments.set_tid_size || arguments.cgroup) return err::inval;
  if ((arguments.stack == 0) != (arguments.stack_size == 0)) return err::inval;
  if (arguments.stack && !self.memory().is_valid_range(arguments.stack, arguments.stack_size)) return err::inval;
  return do_clone(self, arguments);
}

Result<uint64_t> sys_exit(Thread& self, int status) {
  self.request_exit(exited_status(status));
  return 0;
}

Result<uint64_t> sys_exit_group(Thread& self, int status) {
  self.process().begin_exit(exited_status(status));
  return 0;
}

namespace {

namespace wait_flag {
constexpr uint32_t no_hang = 1, stopped = 2, exited = 4, continued = 8, no_wait = 0x1000000, no_thread = 0x20000000, all = 0x40000000;
constexpr uint32_t clone = 0x80000000;
}  // namespace wait_flag

WaitRequest request_from(uint32_t flags) {
  WaitRequest request;
  request.no_hang = (flags & wait_flag::no_hang) != 0;
  request.keep = (flags & wait_flag::no_wait) != 0;
  request.clone_children = (flags & wait_flag::clone) != 0;
  request.all_children = (flags & wait_flag::all) != 0;
  request.stopped = (flags & wait_flag::stopped) != 0;
  request.continued = (flags & wait_flag::continued) != 0;
  return request;
}

Result<> put_usage(Thread& self, UserPtr<UserRusage> to, const ResourceUse& use) {
  if (!to) return {};
  return put_user(self.memory(), to.as<RusageLayout>(), to_user(use));
}

}  // namespace

Result<uint64_t> sys_wait4(Thread& self, Pid pid, UserPtr<int> status, WaitFlags flags, UserPtr<UserRusage> usage) {
  using namespace wait_flag;
  if (flags & ~(no_hang | stopped | continued | no_thread | all | clone)) return err::inval;
  if (pid == INT32_MIN) return err::srch;
  WaitRequest request = request_from(flags);
  request.exited = true;
  if (pid > 0) {
    request.which = WaitRequest::Which::pid;
    request.id = pid;
  } else if (pid != -1) {
    request.which = WaitRequest::Which::group;
    request.id = pid == 0 ? self.process().process_group : -pid;
  }
  WaitResult result = TRY(wait_for_child(self, request));
  if (result.pid == 0) return 0;
  if (status) {
    if (auto stored = put_user(self.memory(), status, result.status); !stored) return std::unexpected(stored.error());
  }
  if (auto stored = put_usage(self, usage, result.use); !stored) return std::unexpected(stored.error());
  return static_cast<uint64_t>(result.pid);
}

Result<uint64_t> sys_waitid(Thread& self, IdType type, Pid id, UserPtr<UserSiginfo> info, WaitFlags flags, UserPtr<UserRusage> usage) {
  using namespace wait_flag;
  constexpr int p_all = 0, p_pid = 1, p_pgid = 2;
  if (flags & ~(no_hang | stopped | exited | continued | no_wait | no_thread | all | clone)) return err::inval;
  if (!(flags & (exited | stopped | continued))) return err::inval;
  WaitRequest request = request_from(flags);
  request.exited = (flags & exited) != 0;
  request.id = id;
  switch (type) {
    case p_all: break;
    case p_pid:
      if (id <= 0) return err::inval;
      request.which = WaitRequest::Which::pid;
      break;
    case p_pgid:
      if (id < 0) return err::inval;
      request.which = WaitRequest::Which::group;
      if (id == 0) request.id = self.process().process_group;
      break;
    default: return err::inval;
  }
  WaitResult result = TRY(wait_for_child(self, request));
  if (result.pid != 0) {
    if (auto stored = put_usage(self, usage, result.use); !stored) return std::unexpected(stored.error());
  }
  if (info) {
    SignalInfo told;
    if (result.pid != 0) {
      told.number = sig::chld;
      told.code = result.code;
      told.pid = result.pid;
      told.uid = result.uid;
      told.status = result.code == si_code::child_exited      ? result.status >> 8 & 0xff
                    : result.code == si_code::child_stopped   ? result.status >> 8 & 0xff
                    : result.code == si_code::child_continued ? sig::cont
                                                              : result.status & 0x7f;
    }
    if (auto stored = put_user(self.memory(), info.as<SiginfoLayout>(), to_user(told)); !stored) return std::unexpected(stored.error());
  }
  return 0;
}

Result<uint64_t> sys_getpid(Thread& self) { return static_cast<uint64_t>(self.process().pid()); }
Result<uint64_t> sys_gettid(Thread& self) { return static_cast<uint64_t>(self.tid()); }

Result<uint64_t> sys_getppid(Thread& self) {
  std::lock_guard guard(self.kernel().tree());
  Process* parent = self.process().parent;
  return parent ? static_cast<uint64_t>(parent->pid()) : 0;
}

Result<uint64_t> sys_set_tid_address(Thread& self, UserPtr<int> address) {
  self.clear_child_tid = address.address();
  return static_cast<uint64_t>(self.tid());
}

}  // namespace halcyon
