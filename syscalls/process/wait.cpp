// wait4, waitid: learning what became of children.
#include "core/mm/user_memory.h"
#include "core/task/process/pidfd.h"
#include "core/task/process/process.h"
#include "syscalls/abi/abi.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

namespace wait_flag {
constexpr uint32_t no_hang = 1, stopped = 2, exited = 4, continued = 8, no_wait = 0x1000000, no_thread = 0x20000000, all = 0x40000000;
constexpr uint32_t clone = 0x80000000;
}  // namespace wait_flag

WaitRequest request_from(Thread& self, uint32_t flags) {
  WaitRequest request;
  if (flags & wait_flag::no_thread) request.thread = self.tid();
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
  WaitRequest request = request_from(self, flags);
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
    TRY(put_user(self.memory(), status, result.status));
  }
  TRY(put_usage(self, usage, result.use));
  return static_cast<uint64_t>(result.pid);
}

namespace {

// P_PIDFD. A file with O_NONBLOCK does not let anybody wait. EBADF, EAGAIN.
Result<WaitResult> wait_for_pidfd(Thread& self, int fd, WaitRequest request) {
  Ref<File> file = TRY(self.files().get(fd));
  PidFile* pidfd = file->as<PidFile>();
  if (!pidfd) return err::badf;
  request.which = WaitRequest::Which::process;
  request.process = &pidfd->process();
  bool may_hang = !request.no_hang;
  request.no_hang |= pidfd->is_nonblocking();
  WaitResult result = TRY(wait_for_child(self, request));
  if (result.pid == 0 && may_hang) return err::again;
  return result;
}

Result<WaitResult> wait_for_id(Thread& self, int type, int id, uint32_t flags) {
  using namespace wait_flag;
  constexpr int p_all = 0, p_pid = 1, p_pgid = 2, p_pidfd = 3;
  if (flags & ~(no_hang | stopped | exited | continued | no_wait | no_thread | all | clone)) return err::inval;
  if (!(flags & (exited | stopped | continued))) return err::inval;
  WaitRequest request = request_from(self, flags);
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
    case p_pidfd:
      if (id < 0) return err::inval;
      return wait_for_pidfd(self, id, request);
    default: return err::inval;
  }
  return wait_for_child(self, request);
}

SignalInfo info_of(const WaitResult& result) {
  SignalInfo told;
  if (result.pid == 0) return told;
  told.number = sig::chld;
  told.code = result.code;
  told.pid = result.pid;
  told.uid = result.uid;
  told.status = result.code == si_code::child_exited      ? result.status >> 8 & 0xff
                : result.code == si_code::child_stopped   ? result.status >> 8 & 0xff
                : result.code == si_code::child_continued ? sig::cont
                                                          : result.status & 0x7f;
  return told;
}

// The members up to the status; the rest of siginfo_t stays as it is. EFAULT.
Result<> put_info(Thread& self, UserPtr<UserSiginfo> to, const WaitResult& result) {
  constexpr size_t told_size = 28;
  SiginfoLayout layout = to_user(info_of(result));
  TRY(put_user_bytes(self.memory(), to.address(), std::as_bytes(std::span(&layout, 1)).first(told_size)));
  return {};
}

}  // namespace

// As on Linux, `info` is written even if there is nothing to tell but an error.
Result<uint64_t> sys_waitid(Thread& self, IdType type, Pid id, UserPtr<UserSiginfo> info, WaitFlags flags, UserPtr<UserRusage> usage) {
  Result<WaitResult> result = wait_for_id(self, type, id, flags);
  if (result && result->pid != 0) {
    TRY(put_usage(self, usage, result->use));
  }
  if (info) {
    TRY(put_info(self, info, result ? *result : WaitResult{}));
  }
  if (!result) return std::unexpected(result.error());
  return 0;
}

}  // namespace halcyon
