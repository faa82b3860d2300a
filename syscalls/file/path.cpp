// Calls by path: opening, making, removing and renaming names; the working directory.
#include "core/file/inode.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "fs/calls/attributes.h"
#include "fs/calls/directories.h"
#include "fs/calls/mounts.h"
#include "fs/calls/names.h"
#include "fs/calls/open.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/install.h"

namespace halcyon {

namespace {

Result<uint64_t> open_at(Thread& self, DirFd dir, UserPtr<const char> from, uint32_t flags, uint32_t mode) {
  PathArgument path;
  TRY(path.fetch(self, from));
  fs::Start start = TRY(start_at(self, dir, path.view()));
  Ref<File> file = TRY(fs::open(caller_of(self), start, path.view(), flags | open_flag::large_file, mode & mode::permissions));
  return install(self, std::move(file), flags);
}

// The same for two paths.
template <class Action>
Result<uint64_t> with_paths(Thread& self, DirFd from_dir, UserPtr<const char> from, DirFd to_dir, UserPtr<const char> to, Action action,
                            uint32_t at_flags = 0) {
  PathArgument to_path;
  TRY(to_path.fetch(self, to));
  fs::Start to_start = TRY(start_at(self, to_dir, to_path.view()));
  return with_path(
      self, from_dir, from,
      [&](const fs::Caller& caller, const fs::Start& start, std::string_view path) {
        return action(caller, start, path, to_start, to_path.view());
      },
      at_flags);
}

}  // namespace

Result<uint64_t> sys_open(Thread& self, UserPtr<const char> path, OpenFlags flags, Mode mode) {
  return open_at(self, cwd(), path, flags, mode);
}

Result<uint64_t> sys_openat(Thread& self, DirFd dir, UserPtr<const char> path, OpenFlags flags, Mode mode) {
  return open_at(self, dir, path, flags, mode);
}

Result<uint64_t> sys_creat(Thread& self, UserPtr<const char> path, Mode mode) {
  return open_at(self, cwd(), path, open_flag::create | open_flag::write_only | open_flag::truncate, mode);
}

Result<uint64_t> sys_mkdirat(Thread& self, DirFd dir, UserPtr<const char> path, Mode mode) {
  return with_path(self, dir, path, [&](auto& caller, auto& start, auto text) { return fs::mkdir(caller, start, text, mode); });
}
Result<uint64_t> sys_mkdir(Thread& self, UserPtr<const char> path, Mode mode) { return sys_mkdirat(self, cwd(), path, mode); }

Result<uint64_t> sys_mknodat(Thread& self, DirFd dir, UserPtr<const char> path, Mode mode, DeviceNumber device) {
  return with_path(self, dir, path, [&](auto& caller, auto& start, auto text) { return fs::mknod(caller, start, text, mode, device); });
}
Result<uint64_t> sys_mknod(Thread& self, UserPtr<const char> path, Mode mode, DeviceNumber device) {
  return sys_mknodat(self, cwd(), path, mode, device);
}

Result<uint64_t> sys_unlinkat(Thread& self, DirFd dir, UserPtr<const char> path, AtFlags flags) {
  if (flags & ~at_flag::removedir) return err::inval;
  return with_path(self, dir, path, [&](auto& caller, auto& start, auto text) {
    return flags & at_flag::removedir ? fs::rmdir(caller, start, text) : fs::unlink(caller, start, text);
  });
}
Result<uint64_t> sys_unlink(Thread& self, UserPtr<const char> path) { return sys_unlinkat(self, cwd(), path, AtFlags{0}); }
Result<uint64_t> sys_rmdir(Thread& self, UserPtr<const char> path) { return sys_unlinkat(self, cwd(), path, AtFlags{at_flag::removedir}); }

Result<uint64_t> sys_renameat2(Thread& self, DirFd from_dir, UserPtr<const char> from, DirFd to_dir, UserPtr<const char> to,
                               RenameFlags flags) {
  return with_paths(self, from_dir, from, to_dir, to, [&](auto& caller, auto& from_start, auto from_text, auto& to_start, auto to_text) {
    return fs::rename(caller, from_start, from_text, to_start, to_text, flags);
  });
}
Result<uint64_t> sys_renameat(Thread& self, DirFd from_dir, UserPtr<const char> from, DirFd to_dir, UserPtr<const char> to) {
  return sys_renameat2(self, from_dir, from, to_dir, to, RenameFlags{0});
}
Result<uint64_t> sys_rename(Thread& self, UserPtr<const char> from, UserPtr<const char> to) {
  return sys_renameat2(self, cwd(), from, cwd(), to, RenameFlags{0});
}

Result<uint64_t> sys_linkat(Thread& self, DirFd from_dir, UserPtr<const char> from, DirFd to_dir, UserPtr<const char> to, AtFlags flags) {
  if (flags & ~(at_flag::symlink_follow | at_flag::empty_path)) return err::inval;
  uint32_t walk = flags & at_flag::symlink_follow ? fs::walk_flag::follow : 0;
  if (flags & at_flag::empty_path) walk |= fs::walk_flag::allow_empty;
  return with_paths(
      self, from_dir, from, to_dir, to,
      [&](auto& caller, auto& from_start, auto from_text, auto& to_start, auto to_text) {
        return fs::link(caller, from_start, from_text, to_start, to_text, walk);
      },
      flags);
}
Result<uint64_t> sys_link(Thread& self, UserPtr<const char> from, UserPtr<const char> to) {
  return sys_linkat(self, cwd(), from, cwd(), to, AtFlags{0});
}

Result<uint64_t> sys_symlinkat(Thread& self, UserPtr<const char> target, DirFd dir, UserPtr<const char> path) {
  PathArgument text;
  TRY(text.fetch(self, target));
  return with_path(self, dir, path, [&](auto& caller, auto& start, auto at) { return fs::symlink(caller, text.view(), start, at); });
}
Result<uint64_t> sys_symlink(Thread& self, UserPtr<const char> target, UserPtr<const char> path) {
  return sys_symlinkat(self, target, cwd(), path);
}

Result<uint64_t> sys_readlinkat(Thread& self, DirFd dir, UserPtr<const char> path, UserPtr<char> buffer, int size) {
  if (size <= 0) return err::inval;
  std::array<std::byte, fs::path_max> target;
  KernelSink sink{std::span(target).first(std::min(target.size(), static_cast<size_t>(size)))};
  auto read = [&](auto& caller, auto& start, auto text) { return fs::readlink(caller, start, text, sink); };
  size_t length = TRY(with_path(self, dir, path, read, at_flag::empty_path));
  // All of it or nothing.
  TRY(put_user_bytes(self.memory(), buffer.address(), std::span(target).first(length)));
  return length;
}
Result<uint64_t> sys_readlink(Thread& self, UserPtr<const char> path, UserPtr<char> buffer, size_t size) {
  return sys_readlinkat(self, cwd(), path, buffer, static_cast<int>(size));
}

Result<uint64_t> sys_getcwd(Thread& self, UserPtr<char> buffer, size_t size) {
  FixedText<fs::path_max> text;
  TRY(fs::getcwd(caller_of(self), text));
  std::string_view path = text.view();
  if (path.size() >= fs::path_max) return err::nametoolong;
  if (path.size() + 1 > size) return err::range;
  UserSink out{self.memory(), buffer.as<std::byte>(), size};
  size_t written = TRY(out.write(std::as_bytes(std::span(path))));
  auto ended = out.write_zeros(1);
  if (!ended || written + *ended != path.size() + 1) return err::fault;
  return path.size() + 1;
}

Result<uint64_t> sys_chdir(Thread& self, UserPtr<const char> path) {
  return with_path(self, cwd(), path, [&](auto& caller, auto&, auto text) { return fs::chdir(caller, text); });
}

Result<uint64_t> sys_fchdir(Thread& self, Fd fd) {
  Ref<File> file = TRY(self.files().get(fd));
  return as_result(fs::fchdir(caller_of(self), *file));
}

Result<uint64_t> sys_chroot(Thread& self, UserPtr<const char> path) {
  return with_path(self, cwd(), path, [&](auto& caller, auto&, auto text) { return fs::chroot(caller, text); });
}

Result<uint64_t> sys_umask(Thread& self, Mode mask) { return fs::context_of(self.fs()).set_umask(mask); }

Result<uint64_t> sys_mount(Thread& self, UserPtr<const char> source, UserPtr<const char> target, UserPtr<const char> type, MountFlags flags,
                           UserPtr<const char> data) {
  Vec<char> source_text;
  Vec<char> type_text;
  Vec<char> options;
  auto fetch = [&](UserPtr<const char> from, Vec<char>& to) {
    return from ? get_user_string(self.memory(), from.address(), page_size, to) : Result<>();
  };
  TRY(fetch(source, source_text));
  TRY(fetch(type, type_text));
  TRY(fetch(data, options));
  auto view = [](const Vec<char>& text) { return std::string_view(text.data(), text.size()); };
  return with_path(self, cwd(), target, [&](auto& caller, auto&, auto text) {
    return fs::mount(caller, view(source_text), text, view(type_text), static_cast<uint32_t>(flags.value), view(options));
  });
}

Result<uint64_t> sys_umount2(Thread& self, UserPtr<const char> target, uint32_t flags) {
  return with_path(self, cwd(), target, [&](auto& caller, auto&, auto text) { return fs::umount(caller, text, flags); });
}

}  // namespace halcyon
