#include "core/base/lock_guard.h"
#include "fs/calls/create.h"
#include "fs/calls/names.h"
#include "fs/files/notify.h"
#include "fs/vfs/permission.h"

namespace halcyon::fs {

namespace {

struct Renaming {
  const Caller& caller;
  Walk& from;
  Walk& to;
  uint32_t flags;
  Dentry& moved;
  Dentry* replaced;  // null if the name is free

  bool is_exchange() const { return (flags & rename_flag::exchange) != 0; }
  bool is_same_directory() const { return from.parent().dentry == to.parent().dentry; }
  Inode& from_directory() const { return *from.parent().inode(); }
  Inode& to_directory() const { return *to.parent().inode(); }
};

// What the names say: trailing slashes, loops, mounts.
Result<> check_places(const Renaming& r) {
  if ((r.flags & rename_flag::no_replace) && r.replaced) return err::exist;
  if (r.is_exchange() && !r.replaced) return err::noent;
  if (r.is_exchange() && !r.replaced->is_directory() && r.to.has_trailing_slash()) return err::notdir;
  if (!r.moved.is_directory() && (r.from.has_trailing_slash() || (!r.is_exchange() && r.to.has_trailing_slash()))) return err::notdir;
  DentryCache& cache = r.caller.vfs().dentries();
  if (cache.is_descendant(*r.to.parent().dentry, r.moved)) return err::inval;
  if (r.replaced && cache.is_descendant(*r.from.parent().dentry, *r.replaced)) return r.is_exchange() ? err::inval : err::notempty;
  return {};
}

// Moving a directory changes its "..".
Result<> check_dot_dot(const Renaming& r, Dentry& directory) {
  if (!directory.is_directory() || r.is_same_directory()) return {};
  return check_access(r.caller.who, *directory.inode(), may::write);
}

Result<> check_permissions(const Renaming& r) {
  const Credentials& who = r.caller.who;
  if (r.from.parent().mount->is_read_only()) return err::rofs;
  TRY(check_remove(who, r.from_directory(), *r.moved.inode()));
  if (!r.replaced) {
    TRY(check_create(r.caller, r.to));
  } else {
    TRY(check_remove(who, r.to_directory(), *r.replaced->inode()));
    if (!r.is_exchange()) {
      if (r.moved.is_directory() && !r.replaced->is_directory()) return err::notdir;
      if (!r.moved.is_directory() && r.replaced->is_directory()) return err::isdir;
    } else if (auto allowed_back = check_dot_dot(r, *r.replaced); !allowed_back) {
      return allowed_back;
    }
  }
  TRY(check_dot_dot(r, r.moved));
  if (r.moved.is_mount_point() || (r.replaced && r.replaced->is_mount_point())) return err::busy;
  return {};
}

// An object has gone from one name to another, where `replaced` was, if anything.
void note_move(Inode& from, std::string_view from_name, Inode& to, std::string_view to_name, const Dentry& moved, Inode* replaced) {
  bool is_directory = moved.is_directory();
  uint32_t cookie = Notifications::wants(event::moved_from | event::moved_to) ? kernel().notifications().next_cookie() : 0;
  if (&from == &to) note_entry(from, event::renamed, from_name, is_directory);
  note_entry(from, event::moved_from, from_name, is_directory, cookie);
  note_entry(to, event::moved_to, to_name, is_directory, cookie);
  if (replaced) note_inode(*replaced, event::attributes);
  note_inode(*moved.inode(), event::move_self);
}

Result<> carry_out(const Renaming& r) {
  DentryCache& cache = r.caller.vfs().dentries();
  if (r.is_exchange()) {
    TRY(r.from_directory().exchange(r.from.name(), *r.moved.inode(), r.to_directory(), r.to.name(), *r.replaced->inode()));
    cache.exchange(r.moved, *r.replaced);
    note_move(r.from_directory(), r.from.name(), r.to_directory(), r.to.name(), r.moved, nullptr);
    note_move(r.to_directory(), r.to.name(), r.from_directory(), r.from.name(), *r.replaced, nullptr);
    return {};
  }
  Inode* loser = r.replaced ? r.replaced->inode() : nullptr;
  TRY(r.from_directory().rename(r.from.name(), *r.moved.inode(), r.to_directory(), r.to.name(), loser));
  if (r.replaced) cache.remove(*r.replaced, true);
  else if (Ref<Dentry> negative = cache.find(*r.to.parent().dentry, r.to.name())) cache.remove(*negative, false);
  // Without memory for the new name the dentry is forgotten, and found again by lookup.
  if (!cache.move(r.moved, *r.to.parent().dentry, r.to.name())) cache.remove(r.moved, false);
  note_move(r.from_directory(), r.from.name(), r.to_directory(), r.to.name(), r.moved, loser);
  return {};
}

// Where names come and go by themselves.
Result<> refuse_rename(const Caller& caller, Walk& from, Walk& to, uint32_t flags) {
  Ref<Dentry> moved = TRY(from.look_up());
  if (is_free(moved)) return err::noent;
  Ref<Dentry> replaced = TRY(to.look_up());
  if (is_free(replaced)) return err::noent;
  Renaming r{caller, from, to, flags, *moved, replaced.get()};
  TRY(check_places(r));
  TRY(check_remove(caller.who, r.from_directory(), *moved->inode()));
  return err::perm;
}

}  // namespace

Result<> rename(const Caller& caller, const Start& from_start, std::string_view from, const Start& to_start, std::string_view to,
                uint32_t flags) {
  if (flags & ~(rename_flag::no_replace | rename_flag::exchange)) return err::inval;
  if ((flags & rename_flag::no_replace) && (flags & rename_flag::exchange)) return err::inval;
  Walk from_walk(caller), to_walk(caller);
  TRY(from_walk.to_parent(from_start, from));
  TRY(to_walk.to_parent(to_start, to));
  if (from_walk.parent().mount != to_walk.parent().mount) return err::xdev;
  if (from_walk.kind() != LastKind::name) return err::busy;
  if (to_walk.kind() != LastKind::name) return (flags & rename_flag::no_replace) ? err::exist : err::busy;
  if (from_walk.is_generated()) return refuse_rename(caller, from_walk, to_walk, flags);
  Ref<Dentry> moved, replaced;  // outlive the lock
  LockGuard guard(caller.vfs().tree());
  moved = TRY(from_walk.look_up_locked());
  if (is_free(moved)) return err::noent;
  replaced = TRY(to_walk.look_up_locked());
  if (is_free(replaced)) replaced = nullptr;
  Renaming r{caller, from_walk, to_walk, flags, *moved, replaced.get()};
  TRY(check_places(r));
  if (replaced && replaced->inode() == moved->inode()) return {};  // two names of one object: nothing happens
  TRY(check_permissions(r));
  return carry_out(r);
}

}  // namespace halcyon::fs
