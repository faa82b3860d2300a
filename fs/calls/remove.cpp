#include "core/base/lock_guard.h"
#include "fs/calls/create.h"
#include "fs/calls/names.h"
#include "fs/files/notify.h"
#include "fs/vfs/permission.h"

namespace halcyon::fs {

namespace {

Result<> check_permission(const Caller& caller, const Path& parent, Dentry& dentry) {
  if (parent.mount->is_read_only()) return err::rofs;
  return check_remove(caller.who, *parent.inode(), *dentry.inode());
}

Result<> check_unlink(const Caller& caller, const Walk& walk, const Ref<Dentry>& dentry) {
  if (is_free(dentry)) return err::noent;
  if (walk.has_trailing_slash()) return dentry->is_directory() ? err::isdir : err::notdir;
  TRY(check_permission(caller, walk.parent(), *dentry));
  if (walk.is_generated()) return err::perm;
  if (dentry->is_directory()) return err::isdir;
  return dentry->is_mount_point() ? err::busy : Result<>{};
}

Result<> check_rmdir(const Caller& caller, const Walk& walk, const Ref<Dentry>& dentry) {
  if (is_free(dentry)) return err::noent;
  TRY(check_permission(caller, walk.parent(), *dentry));
  if (walk.is_generated()) return err::perm;
  if (!dentry->is_directory()) return err::notdir;
  return dentry->is_mount_point() ? err::busy : Result<>{};
}

// Tells that the name has gone from the tree, and its object, if it goes. The tree is not locked.
void tell_removed(const Walk& walk, Ref<Dentry> dentry) {
  bool is_directory = dentry->is_directory();
  if (!is_directory) note_inode(*dentry->inode(), event::attributes);  // a link less
  dentry = nullptr;
  note_entry(*walk.parent().inode(), event::remove, walk.name(), is_directory);
}

}  // namespace

Result<> unlink(const Caller& caller, const Start& start, std::string_view path) {
  Walk walk(caller);
  TRY(walk.to_parent(start, path));
  if (walk.kind() != LastKind::name) return err::isdir;
  Ref<Dentry> dentry;  // outlives the lock: the inode may go with it
  if (walk.is_generated()) {
    dentry = TRY(walk.look_up());
    return check_unlink(caller, walk, dentry);
  }
  UniqueLock guard(caller.vfs().tree());
  dentry = TRY(walk.look_up_locked());
  TRY(check_unlink(caller, walk, dentry));
  TRY(walk.parent().inode()->unlink(walk.name(), *dentry->inode()));
  caller.vfs().dentries().remove(*dentry, true);
  guard.unlock();
  tell_removed(walk, std::move(dentry));
  return {};
}

Result<> rmdir(const Caller& caller, const Start& start, std::string_view path) {
  Walk walk(caller);
  TRY(walk.to_parent(start, path));
  switch (walk.kind()) {
    case LastKind::name: break;
    case LastKind::dot: return err::inval;
    case LastKind::dot_dot: return err::notempty;
    case LastKind::root: return err::busy;
  }
  Ref<Dentry> dentry;
  if (walk.is_generated()) {
    dentry = TRY(walk.look_up());
    return check_rmdir(caller, walk, dentry);
  }
  UniqueLock guard(caller.vfs().tree());
  dentry = TRY(walk.look_up_locked());
  TRY(check_rmdir(caller, walk, dentry));
  TRY(walk.parent().inode()->rmdir(walk.name(), *dentry->inode()));
  caller.vfs().dentries().remove(*dentry, true);
  guard.unlock();
  tell_removed(walk, std::move(dentry));
  return {};
}

}  // namespace halcyon::fs
