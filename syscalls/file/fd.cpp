// Descriptors: closing, duplicating, flags, pipes, ioctl.
#include "core/file/file_locks.h"
#include "core/ipc/pipe/pipe.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/file/file_flags.h"
#include "syscalls/install.h"

namespace halcyon {

Result<uint64_t> sys_close(Thread& self, Fd fd) {
  auto file = self.files().remove(fd);
  return file ? Result<uint64_t>(0) : std::unexpected(file.error());
}

Result<uint64_t> sys_close_range(Thread& self, uint32_t first, uint32_t last, uint32_t flags) {
  constexpr uint32_t unshare = 2, close_on_exec = 4;
  if (first > last || (flags & ~(unshare | close_on_exec))) return err::inval;
  if (flags & unshare) {
    Ref<FdTable> own = TRY(self.files().copy());
    self.replace_files(std::move(own));
  }
  if (flags & close_on_exec) self.files().mark_range_close_on_exec(first, last);
  else self.files().close_range(first, last);
  return 0;
}

Result<uint64_t> sys_dup(Thread& self, Fd fd) {
  Ref<File> file = TRY(self.files().get(fd));
  int copy = TRY(self.files().install(std::move(file), false, fd_limit(self)));
  return static_cast<uint64_t>(copy);
}

Result<uint64_t> sys_dup2(Thread& self, Fd old_fd, Fd new_fd) {
  Ref<File> file = TRY(self.files().get(old_fd));
  if (old_fd == new_fd) return static_cast<uint64_t>(new_fd.value);
  TRY(self.files().install_at(new_fd, std::move(file), false, fd_limit(self)));
  return static_cast<uint64_t>(new_fd.value);
}

Result<uint64_t> sys_dup3(Thread& self, Fd old_fd, Fd new_fd, OpenFlags flags) {
  if ((flags & ~open_flag::close_on_exec) || old_fd == new_fd) return err::inval;
  Ref<File> file = TRY(self.files().get(old_fd));
  TRY(self.files().install_at(new_fd, std::move(file), (flags & open_flag::close_on_exec) != 0, fd_limit(self)));
  return static_cast<uint64_t>(new_fd.value);
}

Result<uint64_t> sys_flock(Thread& self, Fd fd, FlockOperation operation) {
  constexpr uint32_t shared = 1, exclusive = 2, nonblock = 4, unlock = 8;
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  uint32_t kind = operation & ~nonblock;
  if (kind != shared && kind != exclusive && kind != unlock) return err::inval;
  LockKind which = kind == shared ? LockKind::shared : kind == exclusive ? LockKind::exclusive : LockKind::unlock;
  return as_result(self.kernel().file_locks().flock(*file, which, (operation & nonblock) == 0));
}

namespace {

Result<uint64_t> install_pipe(Thread& self, UserPtr<int> fds, uint32_t flags) {
  PipeEnds ends = TRY(make_pipe(flags & (open_flag::nonblock | open_flag::direct)));
  bool close_on_exec = (flags & open_flag::close_on_exec) != 0;
  unsigned limit = fd_limit(self);
  FdTable& files = self.files();
  int reader = TRY(files.install(std::move(ends.reader), close_on_exec, limit));
  auto writer = files.install(std::move(ends.writer), close_on_exec, limit);
  Result<> stored = writer ? put_user(self.memory(), fds, reader) : std::unexpected(writer.error());
  if (stored) stored = put_user(self.memory(), fds.at(1), *writer);
  if (stored) return 0;
  static_cast<void>(files.remove(reader));
  if (writer) static_cast<void>(files.remove(*writer));
  return std::unexpected(stored.error());
}

}  // namespace

Result<uint64_t> sys_pipe(Thread& self, UserPtr<int> fds) { return install_pipe(self, fds, 0); }

Result<uint64_t> sys_pipe2(Thread& self, UserPtr<int> fds, OpenFlags flags) {
  if (flags & ~(open_flag::nonblock | open_flag::close_on_exec | open_flag::direct)) return err::inval;
  return install_pipe(self, fds, flags);
}

}  // namespace halcyon
