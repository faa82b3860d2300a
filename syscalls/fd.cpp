// Descriptors: closing, duplicating, flags, pipes, ioctl.
#include "core/file/file_locks.h"
#include "core/ipc/pipe.h"
#include "core/task/kernel.h"
#include "core/task/process.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/install.h"

namespace halcyon {

Result<uint64_t> sys_close(Thread& self, Fd fd) {
  Ref<File> file = TRY(self.files().remove(fd));
  self.kernel().file_locks().drop_process(self.process().pid(), file.get());
  return 0;
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
  auto installed = self.files().install_at(new_fd, std::move(file), false, fd_limit(self));
  if (!installed) return std::unexpected(installed.error());
  return static_cast<uint64_t>(new_fd.value);
}

Result<uint64_t> sys_dup3(Thread& self, Fd old_fd, Fd new_fd, OpenFlags flags) {
  if ((flags & ~open_flag::close_on_exec) || old_fd == new_fd) return err::inval;
  Ref<File> file = TRY(self.files().get(old_fd));
  auto installed = self.files().install_at(new_fd, std::move(file), (flags & open_flag::close_on_exec) != 0, fd_limit(self));
  if (!installed) return std::unexpected(installed.error());
  return static_cast<uint64_t>(new_fd.value);
}

namespace {

namespace fcntl_command {
constexpr uint32_t dupfd = 0, getfd = 1, setfd = 2, getfl = 3, setfl = 4, getlk = 5, setlk = 6, setlkw = 7;
constexpr uint32_t ofd_getlk = 36, ofd_setlk = 37, ofd_setlkw = 38, dupfd_cloexec = 1030, setpipe_sz = 1031, getpipe_sz = 1032;
}  // namespace fcntl_command

Result<uint64_t> duplicate(Thread& self, Ref<File> file, uint64_t minimum, bool close_on_exec) {
  unsigned limit = fd_limit(self);
  if (minimum >= limit) return err::inval;
  int fd = TRY(self.files().install(std::move(file), close_on_exec, limit, static_cast<int>(minimum)));
  return static_cast<uint64_t>(fd);
}

struct FlockLayout {  // struct flock of fcntl(2)
  int16_t type, whence;
  int32_t padding;
  int64_t start, length;
  int32_t pid, padding2;
};
constexpr int16_t read_lock = 0, write_lock = 1, no_lock = 2;

Result<LockRange> range_from(File& file, const FlockLayout& layout) {
  int64_t base = 0;
  if (layout.whence == 1) {
    base = static_cast<int64_t>(TRY(file.seek(0, Whence::current)));
  } else if (layout.whence == 2) {
    Attributes attributes = TRY(file.attributes());
    base = static_cast<int64_t>(attributes.size);
  } else if (layout.whence != 0) {
    return err::inval;
  }
  int64_t start;
  int64_t last = INT64_MAX;
  if (__builtin_add_overflow(base, layout.start, &start)) return err::overflow;
  if (start < 0) return err::inval;
  if (layout.length > 0 && __builtin_add_overflow(start, layout.length - 1, &last)) return err::overflow;
  if (layout.length < 0) {
    last = start - 1;
    if (__builtin_add_overflow(start, layout.length, &start) || start < 0) return err::inval;
  }
  return LockRange{static_cast<uint64_t>(start), static_cast<uint64_t>(last)};
}

Result<uint64_t> lock_command(Thread& self, File& file, uint32_t command, UserAddr argument) {
  using namespace fcntl_command;
  UserPtr<FlockLayout> at(argument);
  FlockLayout layout = TRY(get_user(self.memory(), at));
  bool of_description = command >= ofd_getlk;
  if (of_description && layout.pid != 0) return err::inval;
  LockOwner owner = of_description ? LockOwner{&file, 0} : LockOwner{nullptr, self.process().pid()};
  LockRange range = TRY(range_from(file, layout));
  LockKind kind;
  switch (layout.type) {
    case read_lock: kind = LockKind::shared; break;
    case write_lock: kind = LockKind::exclusive; break;
    case no_lock: kind = LockKind::unlock; break;
    default: return err::inval;
  }
  FileLocks& locks = self.kernel().file_locks();
  if (command == getlk || command == ofd_getlk) {
    if (kind == LockKind::unlock) return err::inval;
    FileLocks::Found found = locks.test(file, owner, kind, range);
    layout.type = found.kind == LockKind::unlock ? no_lock : found.kind == LockKind::shared ? read_lock : write_lock;
    if (found.kind != LockKind::unlock) {
      layout.whence = 0;
      layout.start = static_cast<int64_t>(found.range.start);
      layout.length = found.range.end == LockRange::to_the_end ? 0 : static_cast<int64_t>(found.range.end - found.range.start + 1);
      layout.pid = found.pid;
    }
    return as_result(put_user(self.memory(), at, layout));
  }
  if (kind == LockKind::shared && !file.is_readable()) return err::badf;
  if (kind == LockKind::exclusive && !file.is_writable()) return err::badf;
  return as_result(locks.set(file, owner, kind, range, command == setlkw || command == ofd_setlkw));
}

}  // namespace

Result<uint64_t> sys_fcntl(Thread& self, Fd fd, FcntlCommand command, uint64_t argument) {
  using namespace fcntl_command;
  Ref<File> file = TRY(self.files().get(fd));
  bool allowed_for_path = command == dupfd || command == dupfd_cloexec || command == getfd || command == setfd || command == getfl;
  if (file->is_path() && !allowed_for_path) return err::badf;
  switch (command) {
    case dupfd: return duplicate(self, std::move(file), argument, false);
    case dupfd_cloexec: return duplicate(self, std::move(file), argument, true);
    case getfd: {
      bool marked = TRY(self.files().close_on_exec(fd));
      return marked ? 1 : 0;
    }
    case setfd: return as_result(self.files().set_close_on_exec(fd, (argument & 1) != 0));
    case getfl: return file->flags();
    case setfl: file->change_flags(static_cast<uint32_t>(argument)); return 0;
    case getlk:
    case setlk:
    case setlkw:
    case ofd_getlk:
    case ofd_setlk:
    case ofd_setlkw: return lock_command(self, *file, command, argument);
    case getpipe_sz: return as_result(pipe_size(*file));
    case setpipe_sz: return as_result(set_pipe_size(*file, argument));
    default: return err::inval;
  }
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

Result<uint64_t> sys_ioctl(Thread& self, Fd fd, IoctlRequest request, Hex argument) {
  constexpr uint32_t fionbio = 0x5421, fioclex = 0x5451, fionclex = 0x5450, fioasync = 0x5452;
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  switch (request) {
    case fioclex:
    case fionclex: return as_result(self.files().set_close_on_exec(fd, request == fioclex));
    case fionbio: {
      int on = TRY(get_user(self.memory(), UserPtr<const int>(argument)));
      uint32_t flags = file->flags();
      file->change_flags(on ? flags | open_flag::nonblock : flags & ~open_flag::nonblock);
      return 0;
    }
    case fioasync: return err::notty;
    default: return file->control(self, request, argument);
  }
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
