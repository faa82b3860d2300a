// Changing what files are: modes, owners, times, sizes.
#include "fs/calls/attributes.h"
#include "core/file/inode.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"

namespace halcyon {

Result<uint64_t> sys_fchmodat(Thread& self, DirFd dir, UserPtr<const char> path, Mode mode) {
  return with_path(self, dir, path,
                   [&](auto& caller, auto& start, auto text) { return fs::chmod(caller, start, text, mode, fs::walk_flag::follow); });
}
Result<uint64_t> sys_chmod(Thread& self, UserPtr<const char> path, Mode mode) { return sys_fchmodat(self, cwd(), path, mode); }

Result<uint64_t> sys_fchmod(Thread& self, Fd fd, Mode mode) {
  Ref<File> file = TRY(self.files().get(fd));
  fs::Target target = TRY(fs::target_of(*file));
  return as_result(fs::chmod(caller_of(self), target, mode));
}

Result<uint64_t> sys_fchownat(Thread& self, DirFd dir, UserPtr<const char> path, Uid uid, Gid gid, AtFlags flags) {
  if (flags & ~(at_flag::symlink_nofollow | at_flag::empty_path)) return err::inval;
  return with_path(
      self, dir, path, [&](auto& caller, auto& start, auto text) { return fs::chown(caller, start, text, uid, gid, walk_flags(flags)); },
      flags);
}
Result<uint64_t> sys_chown(Thread& self, UserPtr<const char> path, Uid uid, Gid gid) {
  return sys_fchownat(self, cwd(), path, uid, gid, AtFlags{0});
}
Result<uint64_t> sys_lchown(Thread& self, UserPtr<const char> path, Uid uid, Gid gid) {
  return sys_fchownat(self, cwd(), path, uid, gid, AtFlags{at_flag::symlink_nofollow});
}
Result<uint64_t> sys_fchown(Thread& self, Fd fd, Uid uid, Gid gid) {
  Ref<File> file = TRY(self.files().get(fd));
  fs::Target target = TRY(fs::target_of(*file));
  return as_result(fs::chown(caller_of(self), target, uid, gid));
}

namespace {

constexpr int64_t time_now = 0x3fff'ffff, time_omit = 0x3fff'fffe;

Result<fs::TimeChange> change_from(const Timespec& time) {
  using Kind = fs::TimeChange::Kind;
  if (time.nanoseconds == time_now) return fs::TimeChange{Kind::now, 0};
  if (time.nanoseconds == time_omit) return fs::TimeChange{Kind::omit, 0};
  if (time.nanoseconds < 0 || time.nanoseconds >= 1'000'000'000) return err::inval;
  // Beyond the year 2262 a time is clamped, as a file system with a shorter range does.
  int64_t seconds = std::clamp<int64_t>(time.seconds, INT64_MIN / 1'000'000'000 + 1, INT64_MAX / 1'000'000'000 - 1);
  return fs::TimeChange{Kind::set, seconds * 1'000'000'000 + time.nanoseconds};
}

struct Times {
  fs::TimeChange accessed, modified;
};

Result<uint64_t> set_times(Thread& self, DirFd dir, UserPtr<const char> path, const Times& times, uint32_t flags) {
  if (!path && dir != at_cwd) {
    Ref<File> file = TRY(self.files().get(dir));
    fs::Target target = TRY(fs::target_of(*file));
    return as_result(fs::utimens(caller_of(self), target, times.accessed, times.modified));
  }
  return with_path(
      self, dir, path,
      [&](auto& caller, auto& start, auto text) {
        return fs::utimens(caller, start, text, times.accessed, times.modified, walk_flags(flags));
      },
      flags);
}

Result<uint64_t> set_timevals(Thread& self, DirFd dir, UserPtr<const char> path, UserPtr<const Timeval> from) {
  Times times;
  if (from) {
    Timeval accessed = TRY(get_user(self.memory(), from));
    Timeval modified = TRY(get_user(self.memory(), from.at(1)));
    for (const Timeval& time : {accessed, modified})
      if (time.microseconds < 0 || time.microseconds >= 1'000'000) return err::inval;
    times.accessed = TRY(change_from({accessed.seconds, accessed.microseconds * 1000}));
    times.modified = TRY(change_from({modified.seconds, modified.microseconds * 1000}));
  }
  return set_times(self, dir, path, times, 0);
}

}  // namespace

Result<uint64_t> sys_utimensat(Thread& self, DirFd dir, UserPtr<const char> path, UserPtr<const Timespec> from, AtFlags flags) {
  Times times;
  if (from) {
    Timespec accessed = TRY(get_user(self.memory(), from));
    Timespec modified = TRY(get_user(self.memory(), from.at(1)));
    // Nothing to do: nothing else is looked at.
    if (accessed.nanoseconds == time_omit && modified.nanoseconds == time_omit) return 0;
    times.accessed = TRY(change_from(accessed));
    times.modified = TRY(change_from(modified));
  }
  if (flags & ~(at_flag::symlink_nofollow | at_flag::empty_path)) return err::inval;
  if (!path && flags) return err::inval;
  return set_times(self, dir, path, times, flags);
}

Result<uint64_t> sys_utime(Thread& self, UserPtr<const char> path, UserPtr<const int64_t> from) {
  Times times;
  if (from) {
    int64_t accessed = TRY(get_user(self.memory(), from));
    int64_t modified = TRY(get_user(self.memory(), from.at(1)));
    times.accessed = TRY(change_from({accessed, 0}));
    times.modified = TRY(change_from({modified, 0}));
  }
  return set_times(self, cwd(), path, times, 0);
}

Result<uint64_t> sys_utimes(Thread& self, UserPtr<const char> path, UserPtr<const Timeval> times) {
  return set_timevals(self, cwd(), path, times);
}
Result<uint64_t> sys_futimesat(Thread& self, DirFd dir, UserPtr<const char> path, UserPtr<const Timeval> times) {
  return set_timevals(self, dir, path, times);
}

namespace {

// RLIMIT_FSIZE: SIGXFSZ and EFBIG.
Result<> check_size(Thread& self, int64_t length) {
  if (length < 0) return err::inval;
  uint64_t limit = self.process().limit(Limit::file_size).soft;
  if (limit != unlimited && static_cast<uint64_t>(length) > limit) {
    send_to_self(self, sig::xfsz);
    return err::fbig;
  }
  return {};
}

}  // namespace

Result<uint64_t> sys_truncate(Thread& self, UserPtr<const char> path, int64_t length) {
  TRY(check_size(self, length));
  return with_path(self, cwd(), path,
                   [&](auto& caller, auto&, auto text) { return fs::truncate(caller, text, static_cast<uint64_t>(length)); });
}

Result<uint64_t> sys_ftruncate(Thread& self, Fd fd, int64_t length) {
  if (length < 0) return err::inval;
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  if (!file->is_writable()) return err::inval;
  TRY(check_size(self, length));
  return as_result(file->truncate(static_cast<uint64_t>(length)));
}

Result<uint64_t> sys_fallocate(Thread& self, Fd fd, FallocateMode mode, int64_t offset, int64_t length) {
  constexpr uint32_t keep_size = 1, punch_hole = 2, known = 0x7f;
  Ref<File> file = TRY(self.files().get(fd));
  if (file->is_path()) return err::badf;
  if (offset < 0 || length <= 0) return err::inval;
  if ((mode & ~known) || ((mode & punch_hole) && !(mode & keep_size))) return err::opnotsupp;
  if (!file->is_writable()) return err::badf;
  Inode* inode = file->inode();
  if (inode && inode->type() == FileType::regular) {
    int64_t end;
    if (__builtin_add_overflow(offset, length, &end)) return err::fbig;
  }
  if (mode & ~(keep_size | punch_hole)) return err::opnotsupp;
  File::Allocation how = File::Allocation::grow;
  if (mode & punch_hole) how = File::Allocation::punch_hole;
  else if (mode & keep_size) how = File::Allocation::keep_size;
  uint64_t start = static_cast<uint64_t>(offset);
  return as_result(file->allocate(how, start, start + static_cast<uint64_t>(length)));
}

}  // namespace halcyon
