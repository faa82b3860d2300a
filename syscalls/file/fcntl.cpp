// fcntl(2): descriptors, description flags, record locks, leases, directory notices, signal-driven I/O, sizes of pipes.
#include "core/base/lock_guard.h"
#include "core/file/async.h"
#include "core/file/file_locks.h"
#include "core/file/watch/directory_notices.h"
#include "core/ipc/pipe/pipe.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/file/file_flags.h"
#include "syscalls/file/memfd.h"
#include "syscalls/install.h"

namespace halcyon {

namespace {

namespace fcntl_command {
constexpr uint32_t dupfd = 0, getfd = 1, setfd = 2, getfl = 3, setfl = 4, getlk = 5, setlk = 6, setlkw = 7;
constexpr uint32_t setown = 8, getown = 9, setsig = 10, getsig = 11, setown_ex = 15, getown_ex = 16;
constexpr uint32_t ofd_getlk = 36, ofd_setlk = 37, ofd_setlkw = 38, dupfd_cloexec = 1030, setlease = 1024, getlease = 1025, notify = 1026,
                   add_seals = 1033, get_seals = 1034, get_rw_hint = 1035, set_rw_hint = 1036, getowner_uids = 17, setpipe_sz = 1031,
                   getpipe_sz = 1032;
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

struct OwnerLayout {  // struct f_owner_ex of fcntl(2)
  int32_t type, id;
};
struct OwnerIds {  // of who set the owner
  uint32_t uid, euid;
};
constexpr int32_t owner_thread = 0, owner_process = 1, owner_group = 2;

// ESRCH if there is no such thread, process or group; 0 is nobody.
Result<> set_owner(Thread& self, File& file, OwnerLayout wanted) {
  using Kind = AsyncOwner::Kind;
  if (wanted.type < owner_thread || wanted.type > owner_group) return err::inval;
  AsyncOwner owner;
  owner.kind = wanted.type == owner_thread ? Kind::thread : wanted.type == owner_process ? Kind::process : Kind::group;
  owner.id = wanted.id;
  owner.uid = self.credentials().uid, owner.euid = self.credentials().euid;
  if (wanted.id < 0) return err::srch;
  if (wanted.id > 0) {
    Kernel& kernel = self.kernel();
    LockGuard guard(kernel.tree());
    if (!kernel.find_process_of(wanted.id) && kernel.group_members(wanted.id).is_empty()) return err::srch;
  }
  return self.kernel().async_files().set_owner(file, owner);
}

// As it is now: an owner that has gone is nobody.
OwnerLayout get_owner(Thread& self, File& file) {
  AsyncOwner owner = self.kernel().async_files().owner(file);
  OwnerLayout layout{owner_process, owner.id};
  if (owner.id == 0) return layout;
  Kernel& kernel = self.kernel();
  LockGuard guard(kernel.tree());
  bool exists = false;
  switch (owner.kind) {
    case AsyncOwner::Kind::thread: layout.type = owner_thread, exists = kernel.find_thread(owner.id); break;
    case AsyncOwner::Kind::process: exists = kernel.find_process(owner.id); break;
    case AsyncOwner::Kind::group: layout.type = owner_group; exists = !kernel.group_members(owner.id).is_empty();
  }
  if (!exists) layout.id = 0;
  return layout;
}

Result<uint64_t> async_command(Thread& self, File& file, uint32_t command, uint64_t argument) {
  using namespace fcntl_command;
  switch (command) {
    case setown: {
      auto id = static_cast<int32_t>(argument);
      if (id == INT32_MIN) return err::inval;
      return as_result(set_owner(self, file, id < 0 ? OwnerLayout{owner_group, -id} : OwnerLayout{owner_process, id}));
    }
    case getown: {
      OwnerLayout owner = get_owner(self, file);
      return static_cast<uint64_t>(int64_t{owner.type == owner_group ? -owner.id : owner.id});
    }
    case setown_ex: {
      OwnerLayout wanted = TRY(get_user(self.memory(), UserPtr<const OwnerLayout>(argument)));
      return as_result(set_owner(self, file, wanted));
    }
    case getown_ex: return as_result(put_user(self.memory(), UserPtr<OwnerLayout>(argument), get_owner(self, file)));
    case getowner_uids: {
      AsyncOwner owner = self.kernel().async_files().owner(file);
      return as_result(put_user(self.memory(), UserPtr<OwnerIds>(argument), OwnerIds{owner.uid, owner.euid}));
    }
    case setsig:
      if (argument > signal_count) return err::inval;
      return as_result(self.kernel().async_files().set_signal(file, static_cast<int>(argument)));
    default: return static_cast<uint64_t>(self.kernel().async_files().signal(file));
  }
}

Result<> set_lease(Thread& self, File& file, Fd fd, uint64_t argument) {
  Attributes attributes = TRY(file.attributes());
  const Credentials& who = self.credentials();
  if (who.fsuid != attributes.uid && !has_capability(who, capability::lease)) return err::acces;
  Inode* inode = file.inode();
  if (attributes.type != FileType::regular || !inode || !inode->page_cache()) return err::inval;
  Leases& leases = self.kernel().leases();
  switch (argument) {
    case read_lock: return leases.set(file, *inode, LeaseKind::read, fd);
    case write_lock: return leases.set(file, *inode, LeaseKind::write, fd);
    case no_lock: return leases.drop(file);
    default: return err::inval;
  }
}

Result<> notify_of(Thread& self, File& file, Fd fd, uint32_t what) {
  const fs::Path* place = file.location();
  const void* file_system = place ? &place->mount->file_system() : nullptr;
  TRY(set_directory_notice(file, self.files(), fd, what, file_system));
  auto still = self.files().get(fd);
  if (!still || still->get() != &file) end_directory_notices(file, &self.files());  // another thread has closed it meanwhile
  return {};
}

// How long what is written will live (RWH_WRITE_LIFE_*).
Result<> write_hint(Thread& self, File& file, bool sets, UserPtr<uint64_t> at) {
  constexpr uint64_t last = 5;
  Inode* inode = file.inode();
  std::atomic<uint8_t>& hint = inode ? inode->write_hint : file.write_hint;
  if (!sets) return put_user(self.memory(), at, uint64_t{hint.load(std::memory_order_relaxed)});
  auto wanted = static_cast<uint32_t>(TRY(get_user(self.memory(), at)));
  if (wanted > last) return err::inval;
  hint.store(static_cast<uint8_t>(wanted), std::memory_order_relaxed);
  return {};
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
    case setfl: return as_result(set_flags(self, *file, fd, static_cast<uint32_t>(argument)));
    case getlk:
    case setlk:
    case setlkw:
    case ofd_getlk:
    case ofd_setlk:
    case ofd_setlkw: return lock_command(self, *file, command, argument);
    case setown:
    case getown:
    case setown_ex:
    case getown_ex:
    case getowner_uids:
    case setsig:
    case getsig: return async_command(self, *file, command, argument);
    case setlease: return as_result(set_lease(self, *file, fd, argument));
    case notify: return as_result(notify_of(self, *file, fd, static_cast<uint32_t>(argument)));
    case getlease: return static_cast<uint64_t>(self.kernel().leases().kind(*file));
    case fcntl_command::add_seals: return as_result(halcyon::add_seals(*file, argument));
    case fcntl_command::get_seals: return halcyon::get_seals(*file);
    case get_rw_hint:
    case set_rw_hint: return as_result(write_hint(self, *file, command == set_rw_hint, UserPtr<uint64_t>(argument)));
    case getpipe_sz: return as_result(pipe_size(*file));
    case setpipe_sz: return as_result(set_pipe_size(*file, argument));
    default: return err::inval;
  }
}

}  // namespace halcyon
