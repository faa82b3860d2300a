// fork, vfork, clone, clone3: making processes and threads.
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

namespace clone_flag {
constexpr uint64_t signal_mask = 0xff, vm = 0x100, fs = 0x200, files = 0x400, sighand = 0x800, pidfd = 0x1000, vfork = 0x4000;
constexpr uint64_t parent = 0x8000, thread = 0x10000, newns = 0x20000, settls = 0x80000, parent_settid = 0x100000;
constexpr uint64_t child_cleartid = 0x200000, detached = 0x400000, child_settid = 0x1000000, newcgroup = 0x2000000;
constexpr uint64_t newuts = 0x4000000, newipc = 0x8000000, newuser = 0x10000000, newpid = 0x20000000, newnet = 0x40000000;
constexpr uint64_t old = 0xffff'ffff, clear_sighand = 0x100000000, into_cgroup = 0x200000000, newtime = 0x80;
constexpr uint64_t namespaces = newns | newcgroup | newuts | newipc | newpid | newnet | newtime;
}  // namespace clone_flag

struct CloneArguments {  // struct clone_args of clone3(2)
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

// EINVAL for flags that do not go together. There are no namespaces: what Linux says when it is built without them, and to whom.
Result<> check_flags(Thread& self, const CloneArguments& arguments) {
  using namespace clone_flag;
  uint64_t flags = arguments.flags;
  if ((flags & sighand) && !(flags & vm)) return err::inval;
  if ((flags & thread) && !(flags & sighand)) return err::inval;
  if ((flags & clear_sighand) && (flags & sighand)) return err::inval;
  if ((flags & parent) && &self.process() == self.kernel().init()) return err::inval;
  if (flags & pidfd) {
    if (flags & (thread | detached)) return err::inval;
    // clone(2) has one pointer for both.
    if ((flags & parent_settid) && arguments.pidfd == arguments.parent_tid) return err::inval;
  }
  if (flags & newuser) return err::inval;
  if (flags & namespaces) return has_capability(self.credentials(), capability::sys_admin) ? err::inval : err::perm;
  return {};
}

// The id that set_tid asks for, 0 if it does not: one for each level of pid namespaces, of which there is one. EINVAL, EFAULT, EPERM.
Result<int> chosen_id(Thread& self, const CloneArguments& arguments) {
  constexpr uint64_t max_levels = 32;
  uint64_t count = arguments.set_tid_size;
  if (count > max_levels || (count == 0) != (arguments.set_tid == 0)) return err::inval;
  if (count == 0) return 0;
  std::array<int, max_levels> ids;
  auto bytes = std::as_writable_bytes(std::span(ids)).first(count * sizeof(int));
  TRY(get_user_bytes(self.memory(), bytes, arguments.set_tid));
  if (count > 1 || ids[0] < 1 || ids[0] >= Kernel::id_limit) return err::inval;
  const Credentials& who = self.credentials();
  if (!has_capability(who, capability::checkpoint_restore) && !has_capability(who, capability::sys_admin)) return err::perm;
  return ids[0];
}

Result<uint64_t> do_clone(Thread& self, const CloneArguments& arguments, int id = 0) {
  using namespace clone_flag;
  uint64_t flags = arguments.flags;
  TRY(check_flags(self, arguments));
  if (flags & into_cgroup) return err::badf;  // no descriptor leads to a cgroup
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
  request.make_pidfd = (flags & pidfd) != 0;
  request.pidfd = arguments.pidfd;
  request.exit_signal = flags & thread ? 0 : static_cast<int>(arguments.exit_signal);
  request.chosen_id = id;
  int tid = TRY(clone_thread(self, request));
  return static_cast<uint64_t>(tid);
}

Result<uint64_t> old_clone(Thread& self, uint64_t flags, UserAddr stack, UserAddr parent_tid, UserAddr child_tid, uint64_t tls) {
  CloneArguments arguments{};
  arguments.flags = flags & ~clone_flag::signal_mask & clone_flag::old;
  arguments.exit_signal = flags & clone_flag::signal_mask;
  arguments.stack = stack;
  arguments.pidfd = parent_tid;
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

namespace {

// E2BIG, EINVAL, EFAULT.
Result<CloneArguments> get_arguments(Thread& self, UserPtr<const UserCloneArgs> from, size_t size) {
  constexpr size_t first_size = 64;
  if (size > page_size) return err::toobig;
  if (size < first_size) return err::inval;
  CloneArguments arguments{};
  size_t known = std::min(size, sizeof arguments);
  TRY(get_user_bytes(self.memory(), std::as_writable_bytes(std::span(&arguments, 1)).first(known), from.address()));
  // A newer caller's unknown part must be zero.
  for (size_t at = known; at < size; ++at) {
    uint8_t byte = TRY(get_user(self.memory(), UserPtr<const uint8_t>(from.address() + at)));
    if (byte) return err::toobig;
  }
  return arguments;
}

}  // namespace

Result<uint64_t> sys_clone3(Thread& self, UserPtr<const UserCloneArgs> from, size_t size) {
  using namespace clone_flag;
  CloneArguments arguments = TRY(get_arguments(self, from, size));
  if (arguments.exit_signal > static_cast<uint64_t>(signal_count)) return err::inval;
  if ((arguments.flags & into_cgroup) && (arguments.cgroup > INT32_MAX || size < sizeof arguments)) return err::inval;
  if (arguments.flags & ~(old | clear_sighand | into_cgroup)) return err::inval;
  if (arguments.flags & (detached | (signal_mask & ~newtime))) return err::inval;
  if ((arguments.flags & (thread | parent)) && arguments.exit_signal) return err::inval;
  if ((arguments.stack == 0) != (arguments.stack_size == 0)) return err::inval;
  if (arguments.stack && !self.memory().is_valid_range(arguments.stack, arguments.stack_size)) return err::inval;
  int id = TRY(chosen_id(self, arguments));
  return do_clone(self, arguments, id);
}

}  // namespace halcyon
