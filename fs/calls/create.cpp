#include "fs/calls/create.h"

#include "core/base/lock_guard.h"
#include "fs/calls/names.h"
#include "fs/files/notify.h"
#include "fs/vfs/permission.h"

namespace halcyon::fs {

Result<> check_create(const Caller& caller, const Walk& walk) {
  const Path& parent = walk.parent();
  if (parent.dentry->is_removed()) return err::noent;
  return check_access(caller.who, *parent.mount, *parent.inode(), may::write | may::execute);
}

Result<Ref<Dentry>> add_name(const Caller& caller, Walk& walk, Ref<Inode> inode) {
  DentryCache& cache = caller.vfs().dentries();
  Dentry& parent = *walk.parent().dentry;
  if (Ref<Dentry> negative = cache.find(parent, walk.name())) cache.remove(*negative, false);
  Ref<Dentry> dentry = TRY(Dentry::create(walk.parent().dentry, walk.name(), std::move(inode)));
  return cache.insert(std::move(dentry));
}

Result<Ref<Dentry>> create_locked(const Caller& caller, Walk& walk, FileType type, uint32_t permissions, uint64_t device) {
  TRY(check_create(caller, walk));
  Inode& directory = *walk.parent().inode();
  NewOwnership owner = ownership_in(caller.who, directory, type, permissions, caller.context.umask());
  Ref<Inode> inode = TRY(directory.create(walk.name(), type, owner.permissions, owner.uid, owner.gid, device));
  note_entry(directory, event::create, walk.name(), type == FileType::directory);
  return add_name(caller, walk, std::move(inode));
}

namespace {

// Walks to the parent of a name to be made and runs make(walk) with Vfs::tree held if it is free. EEXIST.
template <class Make>
Result<> make_name(const Caller& caller, const Start& start, std::string_view path, bool is_directory, Make make) {
  Walk walk(caller);
  TRY(walk.to_parent(start, path));
  if (walk.kind() != LastKind::name) return err::exist;
  if (walk.is_generated()) {
    Ref<Dentry> there = TRY(walk.look_up());
    return is_free(there) ? err::noent : err::exist;
  }
  LockGuard guard(caller.vfs().tree());
  Ref<Dentry> dentry = TRY(walk.look_up_locked());
  if (!is_free(dentry)) return err::exist;
  if (walk.has_trailing_slash() && !is_directory) return err::noent;
  return make(walk);
}

}  // namespace

Result<> mkdir(const Caller& caller, const Start& start, std::string_view path, uint32_t mode) {
  return make_name(caller, start, path, true, [&](Walk& walk) -> Result<> {
    TRY(create_locked(caller, walk, FileType::directory, mode & (0777 | mode::sticky), 0));
    return {};
  });
}

Result<> mknod(const Caller& caller, const Start& start, std::string_view path, uint32_t mode, uint64_t device) {
  auto type = static_cast<FileType>(mode & mode::type_mask);
  switch (type) {
    case FileType::regular:
    case FileType::fifo:
    case FileType::socket: device = 0; break;
    case FileType::character_device:
    case FileType::block_device:
      if (!has_capability(caller.who, capability::mknod)) return err::perm;
      break;
    case FileType::directory: return err::perm;
    case FileType::symlink: return err::inval;
    default:
      if ((mode & mode::type_mask) != 0) return err::inval;
      type = FileType::regular;
      device = 0;
  }
  return make_name(caller, start, path, false, [&](Walk& walk) -> Result<> {
    TRY(create_locked(caller, walk, type, mode & mode::permissions, device));
    return {};
  });
}

Result<Path> make_socket(const Caller& caller, std::string_view path, uint32_t mode) {
  Path result;
  auto made = make_name(caller, Start(), path, false, [&](Walk& walk) -> Result<> {
    result.dentry = TRY(create_locked(caller, walk, FileType::socket, mode & mode::permissions, 0));
    result.mount = walk.parent().mount;
    return {};
  });
  if (!made) return std::unexpected(made.error());
  return result;
}

Result<> symlink(const Caller& caller, std::string_view target, const Start& start, std::string_view path) {
  if (target.empty()) return err::noent;
  if (target.size() >= path_max) return err::nametoolong;
  return make_name(caller, start, path, false, [&](Walk& walk) -> Result<> {
    TRY(check_create(caller, walk));
    Inode& directory = *walk.parent().inode();
    NewOwnership owner = ownership_in(caller.who, directory, FileType::symlink, 0777, 0);
    Ref<Inode> inode = TRY(directory.symlink(walk.name(), target, owner.uid, owner.gid));
    note_entry(directory, event::create, walk.name(), false);
    TRY(add_name(caller, walk, std::move(inode)));
    return {};
  });
}

Result<> link(const Caller& caller, const Start& from_start, std::string_view from, const Start& to_start, std::string_view to,
              uint32_t flags) {
  Path source = TRY(resolve(caller, from_start, from, flags));
  Inode& target = *source.inode();
  return make_name(caller, to_start, to, false, [&](Walk& walk) -> Result<> {
    if (walk.parent().mount != source.mount) return err::xdev;
    TRY(check_link(caller.who, target));
    TRY(check_create(caller, walk));
    if (target.type() == FileType::directory) return err::perm;
    Attributes attributes = TRY(target.attributes());
    if (attributes.links == 0 && !source.dentry->can_be_named()) return err::noent;
    TRY(walk.parent().inode()->link(walk.name(), target));
    note_inode(target, event::attributes);
    note_entry(*walk.parent().inode(), event::create, walk.name(), false);
    TRY(add_name(caller, walk, Ref<Inode>(target)));
    return {};
  });
}

}  // namespace halcyon::fs
