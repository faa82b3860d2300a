#include "fs/calls/open.h"

#include "core/base/lock_guard.h"
#include "core/file/watch/leases.h"
#include "core/ipc/pipe/pipe.h"
#include "fs/calls/create.h"
#include "fs/files/directory_file.h"
#include "fs/files/notify.h"
#include "fs/files/regular_file.h"
#include "fs/vfs/permission.h"

namespace halcyon::fs {

namespace {

namespace flag = open_flag;

uint32_t wanted_by(uint32_t flags) {
  constexpr uint32_t by_mode[] = {may::read, may::write, may::read | may::write, may::read | may::write};
  return by_mode[flags & flag::access_mode] | ((flags & flag::truncate) ? may::write : 0);
}

// What the description remembers.
uint32_t kept_flags(uint32_t flags) {
  return (flags & ~(flag::create | flag::exclusive | flag::no_ctty | flag::truncate | flag::close_on_exec)) | flag::large_file;
}

Result<> check_open(const Caller& caller, const Path& path, uint32_t flags) {
  Inode& inode = *path.inode();
  FileType type = inode.type();
  uint32_t wanted = wanted_by(flags);
  if (type == FileType::symlink) return err::loop;
  if (type == FileType::directory && ((wanted & may::write) || (flags & flag::create))) return err::isdir;
  if (type == FileType::directory && (flags & flag::direct)) return err::inval;
  bool is_device = type == FileType::character_device || type == FileType::block_device;
  if (is_device && (path.mount->flags() & mount_flag::no_dev)) return err::acces;
  TRY(check_access(caller.who, *path.mount, inode, wanted));
  if ((flags & flag::no_atime) && !is_owner(caller.who, inode.ownership())) return err::perm;
  return {};
}

Result<Ref<File>> place(Ref<File> file, const Path& path) {
  Own<Place> where = TRY(make<Place>(path));
  file->set_place(std::move(where));
  return file;
}

Result<Ref<File>> open_special(const Caller& caller, const Path& path, uint32_t flags) {
  Inode& inode = *path.inode();
  switch (inode.type()) {
    case FileType::block_device:
    case FileType::character_device: {
      Device* device = caller.vfs().devices().find(inode.type(), inode.special_device());
      if (!device) return err::nxio;
      Ref<File> file = TRY(device->open(kept_flags(flags) | (flags & flag::no_ctty)));
      return file->location() ? Result<Ref<File>>(std::move(file)) : place(std::move(file), path);
    }
    case FileType::fifo: {
      FifoSlot* slot = inode.fifo_slot();
      if (!slot) return err::nxio;
      Ref<File> file = TRY(open_fifo(*slot, Ref<Inode>(inode), kept_flags(flags)));
      return place(std::move(file), path);
    }
    default: return err::nxio;
  }
}

enum class Purpose : bool { io, execution };

// The name leads to an object that is not there any more: it is to be looked up again.
void forget(const Caller& caller, const Path& path) {
  if (path.dentry == path.mount->root()) return;
  LockGuard guard(caller.vfs().tree());
  caller.vfs().dentries().remove(*path.dentry, true);
}

Result<InodeUse> begin_use(Inode& inode, uint32_t flags, Purpose purpose) {
  if (purpose == Purpose::execution) return InodeUse::execute(inode);
  switch (flags & flag::access_mode) {
    case flag::read_only: return InodeUse::read(inode);
    case flag::access_mode: return InodeUse();
    default: return InodeUse::write(inode);
  }
}

// After all checks. The file takes the place over: references are counted in memory that all CPUs share.
Result<Ref<File>> make_file(const Caller& caller, Path path, uint32_t flags, Purpose purpose = Purpose::io) {
  Inode& inode = *path.inode();
  if (inode.type() == FileType::directory) {
    TRY(inode.prepare_open(flags));
    return make_ref<DirectoryFile>(std::move(path), kept_flags(flags));
  }
  if (inode.type() != FileType::regular) return open_special(caller, path, flags);
  if (!inode.page_cache()) {
    Ref<File> own = TRY(inode.open_own(path, kept_flags(flags)));
    if (!own) return err::nxio;
    return own;
  }
  InodeUse use = TRY(begin_use(inode, flags, purpose));
  TRY(break_leases(inode, flags));
  if (auto ready = inode.prepare_open(flags); !ready) {
    if (ready.error() == Errno::stale) forget(caller, path);
    return std::unexpected(ready.error());
  }
  bool keeps_privileges = has_capability(caller.who, capability::fsetid);
  if (flags & flag::truncate) {
    InodeUse cutting;
    if ((flags & flag::access_mode) == flag::read_only) cutting = TRY(InodeUse::write(inode));
    TRY(set_file_size(inode, 0, caller.vfs().now(), keeps_privileges));
    note(*path.dentry, event::modify);
  }
  return make_ref<RegularFile>(std::move(path), kept_flags(flags), keeps_privileges, std::move(use));
}

Result<Ref<File>> open_existing(const Caller& caller, Path path, uint32_t flags) {
  if ((flags & flag::directory) && !path.dentry->is_directory()) return err::notdir;
  if (flags & flag::path) return make_ref<PathFile>(path, flags & (flag::path | flag::directory | flag::no_follow));
  TRY(check_open(caller, path, flags));
  return make_file(caller, std::move(path), flags);
}

// What a magic link led to that has no name. An O_PATH description of it would be a place in no tree: the file itself serves.
Result<Ref<File>> open_nameless(const Caller& caller, Ref<File> file, uint32_t flags) {
  if (flags & flag::directory) return err::notdir;
  if (flags & flag::path) return file;
  Attributes attributes = TRY(file->attributes());
  Ownership ownership{attributes.permissions, attributes.uid, attributes.gid};
  TRY(check_access(caller.who, ownership, false, wanted_by(flags)));
  return file->reopen(kept_flags(flags));
}

Result<Ref<File>> open_jumped(const Caller& caller, const Walk& walk, uint32_t flags) {
  if (walk.parent().is_empty()) return open_nameless(caller, walk.jumped_file(), flags);
  return open_existing(caller, walk.parent(), flags);
}

Result<Ref<File>> open_unnamed(const Caller& caller, const Start& start, std::string_view text, uint32_t flags, uint32_t mode) {
  if ((flags & flag::access_mode) == flag::read_only) return err::inval;
  uint32_t follow = (flags & flag::no_follow) ? 0 : walk_flag::follow;
  Path at = TRY(resolve(caller, start, text, follow | walk_flag::directory));
  Inode& directory = *at.inode();
  TRY(check_access(caller.who, *at.mount, directory, may::write | may::execute));
  NewOwnership owner = ownership_in(caller.who, directory, FileType::regular, mode & mode::permissions, caller.context.umask());
  Ref<Inode> inode = TRY(directory.create_unnamed(owner.permissions, owner.uid, owner.gid));
  Attributes attributes = TRY(inode->attributes());
  FixedText<24> name;
  print(name, "#{}", attributes.inode);
  at.dentry = TRY(Dentry::create_unnamed(at.dentry, name.view(), std::move(inode), (flags & flag::exclusive) == 0));
  return make_file(caller, at, flags & ~flag::truncate);
}

Result<Ref<File>> open_or_create(const Caller& caller, const Start& start, std::string_view text, uint32_t flags, uint32_t mode) {
  bool exclusive = (flags & flag::exclusive) != 0;
  Walk walk(caller);
  TRY(walk.to_parent(start, text));
  for (;;) {
    if (walk.kind() != LastKind::name) return exclusive ? err::exist : err::isdir;
    if (walk.has_trailing_slash()) return err::isdir;
    Ref<Dentry> dentry;
    if (walk.name().size() > name_max) return err::nametoolong;
    if (walk.parent().mount->file_system().caching() == FileSystem::Caching::all)
      dentry = caller.vfs().dentries().find(*walk.parent().dentry, walk.name());
    if (walk.is_generated()) {
      dentry = TRY(walk.look_up());
      if (is_free(dentry)) return err::noent;
    }
    if (is_free(dentry)) {
      UniqueLock guard(caller.vfs().tree());
      dentry = TRY(walk.look_up_locked());
      if (is_free(dentry)) {
        Ref<Dentry> made = TRY(create_locked(caller, walk, FileType::regular, mode & mode::permissions, 0));
        guard.unlock();
        return make_file(caller, Path{walk.parent().mount, std::move(made)}, flags & ~flag::truncate);
      }
    }
    if (exclusive) return err::exist;
    if (!dentry->is_symlink()) return open_existing(caller, walk.enter(std::move(dentry)), flags);
    if (flags & flag::no_follow) return err::loop;
    bool jumped = TRY(walk.follow(std::move(dentry)));
    if (jumped) return open_jumped(caller, walk, flags);
  }
}

Result<Ref<File>> open_once(const Caller& caller, const Start& start, std::string_view path, uint32_t flags, uint32_t mode) {
  constexpr uint32_t tmp_file_bit = flag::tmp_file & ~flag::directory;
  if (flags & flag::path) flags &= flag::path | flag::directory | flag::no_follow;
  if (path.empty()) return err::noent;
  if (flags & tmp_file_bit) {
    if (!(flags & flag::directory) || (flags & flag::create)) return err::inval;
    return open_unnamed(caller, start, path, flags, mode);
  }
  if (flags & flag::create) {
    if (flags & flag::directory) return err::inval;
    return open_or_create(caller, start, path, flags, mode);
  }
  uint32_t how = ((flags & flag::no_follow) ? 0 : walk_flag::follow) | ((flags & flag::directory) ? walk_flag::directory : 0);
  Walk walk(caller);
  Path found = TRY(walk.finish(start, path, how));
  if (found.is_empty()) return open_nameless(caller, walk.jumped_file(), flags);
  return open_existing(caller, std::move(found), flags);
}

Result<Ref<File>> open_executable_once(const Caller& caller, const Start& start, std::string_view path, uint32_t how) {
  Path found = TRY(resolve(caller, start, path, how & (walk_flag::follow | walk_flag::allow_empty)));
  if (found.dentry->is_symlink()) return err::loop;
  Inode& inode = *found.inode();
  if (inode.type() != FileType::regular || !inode.page_cache()) return err::acces;
  if (found.mount->flags() & mount_flag::no_exec) return err::acces;
  TRY(check_access(caller.who, inode, may::execute));
  return make_file(caller, found, flag::read_only, Purpose::execution);
}

// A cached name may have become wrong where others change the tree (hostfs): then the walk is made once more.
template <class Attempt>
Result<Ref<File>> retry_if_stale(Attempt attempt) {
  auto opened = attempt();
  if (!opened && opened.error() == Errno::stale) opened = attempt();
  if (opened) note_open(**opened);
  return opened;
}

}  // namespace

Result<Ref<File>> open(const Caller& caller, const Start& start, std::string_view path, uint32_t flags, uint32_t mode) {
  return retry_if_stale([&] { return open_once(caller, start, path, flags, mode); });
}

Result<Ref<File>> open_executable(const Caller& caller, const Start& start, std::string_view path, uint32_t walk) {
  return retry_if_stale([&] { return open_executable_once(caller, start, path, walk); });
}

Result<Ref<File>> open_path(const Caller& caller, const Path& path, uint32_t flags) { return make_file(caller, path, flags); }

}  // namespace halcyon::fs
