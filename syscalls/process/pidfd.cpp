// Processes by descriptor: pidfd_open, pidfd_send_signal, pidfd_getfd. CLONE_PIDFD is in clone.cpp, P_PIDFD in wait.cpp.
#include "core/task/process/pidfd.h"

#include "core/base/lock_guard.h"
#include "core/file/inode.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/access.h"
#include "syscalls/abi/abi.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/install.h"
#include "syscalls/process/signal.h"

namespace halcyon {

Result<uint64_t> sys_pidfd_open(Thread& self, Pid pid, PidfdFlags flags) {
  if ((flags & ~open_flag::nonblock) || pid <= 0) return err::inval;
  Ref<File> file = TRY(make_pidfd(self.kernel(), pid, flags));
  return install(self, std::move(file), open_flag::close_on_exec);
}

namespace {

// Of a pidfd, or of an open directory /proc/PID. EBADF.
Result<Ref<Process>> process_of(Thread& self, int fd) {
  Ref<File> file = TRY(self.files().get(fd));
  if (PidFile* pidfd = file->as<PidFile>()) return Ref<Process>(pidfd->process());
  Inode* inode = file->is_path() ? nullptr : file->inode();
  Process* process = inode ? inode->named_process() : nullptr;
  if (!process) return err::badf;
  return Ref<Process>(*process);
}

// As for rt_sigqueueinfo(2), but a number that differs from `signal` is refused.
Result<SignalInfo> get_info(Thread& self, Process& target, int signal, UserPtr<const UserSiginfo> from) {
  SiginfoLayout layout = TRY(get_user(self.memory(), from.as<const SiginfoLayout>()));
  SignalInfo info = from_user(layout);
  if (info.number != signal) return err::inval;
  bool is_leader_itself = &target == &self.process() && self.tid() == target.pid();
  if (is_for_itself_only(info) && !is_leader_itself) return err::perm;
  return info;
}

}  // namespace

Result<uint64_t> sys_pidfd_send_signal(Thread& self, Fd pidfd, Signal signal, UserPtr<const UserSiginfo> info, uint32_t flags) {
  if (flags != 0) return err::inval;
  Ref<Process> target = TRY(process_of(self, pidfd));
  SignalInfo sent = info_from(self, signal, si_code::user);
  if (info) sent = TRY(get_info(self, *target, signal, info));
  LockGuard guard(self.kernel().tree());
  if (target->is_reaped) return err::srch;
  if (signal < 0 || signal > signal_count) return err::inval;
  return as_result(send_to_one(self, *target, sent));
}

Result<uint64_t> sys_pidfd_getfd(Thread& self, Fd pidfd, Fd fd, uint32_t flags) {
  if (flags != 0) return err::inval;
  Ref<File> file = TRY(self.files().get(pidfd));
  PidFile* target = file->as<PidFile>();
  if (!target) return err::badf;
  Thread::Resources theirs = TRY(access_process(self, target->process()));
  if (!theirs.files) return err::srch;
  Ref<File> found = TRY(theirs.files->get(fd));
  return install(self, std::move(found), open_flag::close_on_exec);
}

}  // namespace halcyon
