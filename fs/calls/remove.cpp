#include "core/base/lock_guard.h"
#include "fs/calls/create.h"
#include "fs/calls/names.h"
#include "fs/files/notify.h"
#include "fs/vfs/permission.h"

namespace halcyon::fs {

namespace {

Result<> check_unlink(const Caller& caller, const Path& parent, Dentry& dentry) {
  if (parent.mount->is_read_only()) return err::rofs;
  return check_remove(caller.who, *parent.inode(), *dentry.inode());
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
  if (auto walked = walk.to_parent(start, path); !walked) return walked;
  if (walk.kind() != LastKind::name) return err::isdir;
  Ref<Dentry> dentry;  // outlives the lock: the inode may go with it
  UniqueLock guard(caller.vfs().tree());
  dentry = TRY(walk.look_up_locked());
  if (is_free(dentry)) return err::noent;
  if (walk.has_trailing_slash()) return dentry->is_directory() ? err::isdir : err::notdir;
  if (auto allowed = check_unlink(caller, walk.parent(), *dentry); !allowed) return allowed;
  if (dentry->is_directory()) return err::isdir;
  if (dentry->is_mount_point()) return err::busy;
  if (auto unlinked = walk.parent().inode()->unlink(walk.name(), *dentry->inode()); !unlinked) return unlinked;
  caller.vfs().dentries().remove(*dentry, true);
  guard.unlock();
  tell_removed(walk, std::move(dentry));
  return {};
}

Result<> rmdir(const Caller& caller, const Start& start, std::string_view path) {
  Walk walk(caller);
  if (auto walked = walk.to_parent(start, path); !walked) return walked;
  switch (walk.kind()) {
    case LastKind::name: break;
    case LastKind::dot: return err::inval;
    case LastKind::dot_dot: return err::notempty;
    case LastKind::root: return err::busy;
  }
  Ref<Dentry> dentry;
  UniqueLock guard(caller.vfs().tree());
  dentry = TRY(walk.look_up_locked());
  if (is_free(dentry)) return err::noent;
  if (auto allowed = check_unlink(caller, walk.parent(), *dentry); !allowed) return allowed;
  if (!dentry->is_directory()) return err::notdir;
  if (dentry->is_mount_point()) return err::busy;
  if (auto removed = walk.parent().inode()->rmdir(walk.name(), *dentry->inode()); !removed) return removed;
  caller.vfs().dentries().remove(*dentry, true);
  guard.unlock();
  tell_removed(walk, std::move(dentry));
  return {};
}

}  // namespace halcyon::fs
