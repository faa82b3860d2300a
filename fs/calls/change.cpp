// chmod, chown, utimens, truncate.
#include "core/file/watch/leases.h"
#include "fs/calls/attributes.h"
#include "fs/files/notify.h"
#include "fs/files/regular_file.h"
#include "fs/vfs/permission.h"

namespace halcyon::fs {

namespace {

Result<> check_writable_mount(Target target) { return target.mount && target.mount->is_read_only() ? err::rofs : Result<>{}; }

// Changes it, and tells so.
Result<> change_target(Target target, const AttributeChange& change, uint32_t event) {
  TRY(target.inode->change(change));
  if (target.dentry) note(*target.dentry, event);
  return {};
}

// Runs action(target) on what the path, or start.file with an empty one, names.
template <class Action>
Result<> on_target(const Caller& caller, const Start& start, std::string_view path, uint32_t flags, Action action) {
  if (path.empty() && (flags & walk_flag::allow_empty) && start.file) {
    Target target = TRY(target_of(*start.file, true));
    return action(target);
  }
  Walk walk(caller);
  Path found = TRY(walk.finish(start, path, flags));
  if (found.is_empty()) {
    Target target = TRY(target_of(*walk.jumped_file(), true));
    return action(target);
  }
  return action(Target{found.inode(), found.mount.get(), found.dentry.get()});
}

}  // namespace

Result<> chmod(const Caller& caller, const Start& start, std::string_view path, uint32_t mode, uint32_t flags) {
  return on_target(caller, start, path, flags, [&](Target target) { return chmod(caller, target, mode); });
}

Result<> chmod(const Caller& caller, Target target, uint32_t mode) {
  if (target.inode->type() == FileType::symlink) return err::opnotsupp;
  TRY(check_writable_mount(target));
  Ownership now = target.inode->ownership();
  if (!is_owner(caller.who, now)) return err::perm;
  AttributeChange change;
  change.what = AttributeChange::set_permissions;
  change.permissions = mode & mode::permissions;
  if (!caller.who.is_in_group(now.gid) && !has_capability(caller.who, capability::fsetid)) change.permissions &= ~mode::set_gid;
  change.now = caller.vfs().now();
  return change_target(target, change, event::attributes);
}

Result<> chown(const Caller& caller, const Start& start, std::string_view path, uint32_t uid, uint32_t gid, uint32_t flags) {
  return on_target(caller, start, path, flags, [&](Target target) { return chown(caller, target, uid, gid); });
}

Result<> chown(const Caller& caller, Target target, uint32_t uid, uint32_t gid) {
  TRY(check_writable_mount(target));
  const Credentials& who = caller.who;
  Ownership now = target.inode->ownership();
  AttributeChange change;
  if (!has_capability(who, capability::chown)) {
    bool is_his = who.fsuid == now.uid;
    if (uid != keep_id && !(is_his && uid == now.uid)) return err::perm;
    if (gid != keep_id && !(is_his && (gid == now.gid || who.is_in_group(gid)))) return err::perm;
  }
  if (uid != keep_id) change.what |= AttributeChange::set_uid;
  if (gid != keep_id) change.what |= AttributeChange::set_gid;
  change.uid = uid;
  change.gid = gid;
  if (target.inode->type() != FileType::directory) {
    uint32_t kept = now.permissions & ~mode::set_uid;
    if (kept & mode::group_execute) kept &= ~mode::set_gid;
    if (kept != now.permissions) change.what |= AttributeChange::set_permissions;
    change.permissions = kept;
  }
  change.now = caller.vfs().now();
  bool changes_attributes = (change.what & (AttributeChange::set_uid | AttributeChange::set_gid | AttributeChange::set_permissions)) != 0;
  return change_target(target, change, changes_attributes ? event::attributes : 0);
}

Result<> utimens(const Caller& caller, const Start& start, std::string_view path, TimeChange accessed, TimeChange modified,
                 uint32_t flags) {
  return on_target(caller, start, path, flags, [&](Target target) { return utimens(caller, target, accessed, modified); });
}

Result<> utimens(const Caller& caller, Target target, TimeChange accessed, TimeChange modified) {
  using Kind = TimeChange::Kind;
  if (accessed.kind == Kind::omit && modified.kind == Kind::omit) return {};
  TRY(check_writable_mount(target));
  if (!is_owner(caller.who, target.inode->ownership())) {
    if (accessed.kind != Kind::now || modified.kind != Kind::now) return err::perm;
    TRY(check_access(caller.who, *target.inode, may::write));
  }
  AttributeChange change;
  change.now = caller.vfs().now();
  if (accessed.kind != Kind::omit) change.what |= AttributeChange::set_accessed;
  if (modified.kind != Kind::omit) change.what |= AttributeChange::set_modified;
  change.accessed = accessed.kind == Kind::now ? change.now : accessed.time;
  change.modified = modified.kind == Kind::now ? change.now : modified.time;
  uint32_t event = accessed.kind == Kind::omit ? event::modify : modified.kind == Kind::omit ? event::access : event::attributes;
  return change_target(target, change, event);
}

Result<> truncate(const Caller& caller, std::string_view path, uint64_t size) {
  Path found = TRY(resolve(caller, Start(), path, walk_flag::follow));
  Inode& inode = *found.inode();
  if (inode.type() == FileType::directory) return err::isdir;
  if (inode.type() != FileType::regular) return err::inval;
  TRY(check_access(caller.who, *found.mount, inode, may::write));
  InodeUse use = TRY(InodeUse::write(inode));
  TRY(break_leases(inode, open_flag::write_only));
  TRY(inode.prepare_open(open_flag::write_only));
  TRY(set_file_size(inode, size, caller.vfs().now(), has_capability(caller.who, capability::fsetid)));
  note(*found.dentry, event::modify);
  return {};
}

}  // namespace halcyon::fs
