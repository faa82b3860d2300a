#include "fs/vfs/mount.h"

#include "core/base/lock_guard.h"
#include "fs/files/notify.h"
#include "fs/vfs/path.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

FileSystem::FileSystem(Vfs& vfs, std::string_view type, uint64_t magic, Caching caching)
    : vfs_(vfs), type_(type), magic_(magic), device_(vfs.new_device()), caching_(caching) {}

Nanoseconds FileSystem::now() const { return vfs_.now(); }

Result<FileSystemStatistics> FileSystem::statistics() {
  FileSystemStatistics statistics;
  statistics.magic = magic_;
  statistics.id = device_;
  return statistics;
}

Mount::Mount(Ref<FileSystem> file_system, Ref<Dentry> root, String source, uint32_t flags)
    : file_system_(std::move(file_system)), root_(std::move(root)), source_(std::move(source)), flags_(flags & mount_flag::kept) {
  file_system_->mounts_.fetch_add(1, std::memory_order_relaxed);
}

Result<Ref<Mount>> Mount::create(Ref<FileSystem> file_system, Ref<Dentry> root, std::string_view source, uint32_t flags) {
  String name = TRY(String::copy(source));
  return make_ref<Mount>(std::move(file_system), std::move(root), std::move(name), flags);
}

// With the last mount nobody uses an inode any more: whoever does holds a path.
Mount::~Mount() {
  root_ = nullptr;
  if (file_system_->mounts_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  note_unmount(*file_system_);
  file_system_->vfs().dentries().purge(*file_system_);
  file_system_->shut_down();
}

void Mount::note_access(Inode& inode) const {
  uint32_t flags = this->flags();
  if (flags & (mount_flag::no_atime | mount_flag::read_only)) return;
  if ((flags & mount_flag::no_dir_atime) && inode.type() == FileType::directory) return;
  inode.note_access(file_system_->now(), !(flags & mount_flag::relatime));
}

MountTable::~MountTable() {
  while (!by_id_.empty()) {
    Mount& mount = *by_id_.rbegin();
    take_out_locked(mount);
    Ref<Dentry> point = std::move(mount.mount_point_);
    Ref<Mount> parent = std::move(mount.parent_);
    mount.gather();
    Ref<Mount>::adopt(&mount);
    point = nullptr;  // before the mount that it belongs to
  }
}

void MountTable::attach(Ref<Mount> mount, const Path& place) {
  {
    LockGuard guard(lock_);
    mount->parent_ = place.mount;
    mount->mount_point_ = place.dentry;
    if (place.dentry) place.dentry->mounts_here_.fetch_add(1, std::memory_order_release);
    mount->id_ = next_id_++;
    mount->is_attached_ = true;
    mount->spread();
    Mount& attached = *mount.release();
    by_id_.insert(attached);
    by_place_.insert(attached);
  }
  changes_.count();
}

void MountTable::take_out_locked(Mount& mount) {
  by_id_.erase(by_id_.iterator_to(mount));
  by_place_.erase(by_place_.iterator_to(mount));
  mount.is_attached_ = false;
  if (mount.mount_point_) mount.mount_point_->mounts_here_.fetch_sub(1, std::memory_order_release);
}

// Any mount that lies on this one.
Mount* MountTable::child_locked(const Mount& mount) {
  auto found = by_place_.lower_bound({&mount, nullptr});
  return found == by_place_.end() || found->parent_.get() != &mount ? nullptr : &*found;
}

// Lazily: first whatever lies on it, the deepest first; what they hold is dropped without the lock.
Result<> MountTable::detach(Mount& mount, unsigned users, bool lazily) {
  for (Mount* victim = &mount;;) {
    Ref<Dentry> point;
    Ref<Mount> parent;
    {
      LockGuard guard(lock_);
      if (!mount.is_attached_) return err::inval;
      while (Mount* other = child_locked(*victim)) {
        if (!lazily) return err::busy;
        victim = other;
      }
      if (victim->gather() > 1 + int64_t{users} && !lazily) {
        victim->spread();
        return err::busy;
      }
      take_out_locked(*victim);
      point = std::move(victim->mount_point_);
      parent = std::move(victim->parent_);
    }
    bool was_last = victim == &mount;
    Ref<Mount>::adopt(victim);
    point = nullptr;
    victim = parent.get();  // which is attached, and so stays
    if (was_last) break;
  }
  changes_.count();
  return {};
}

void MountTable::move(Mount& mount, const Path& place) {
  Path old;
  {
    LockGuard guard(lock_);
    mount.mount_point_->mounts_here_.fetch_sub(1, std::memory_order_release);
    by_place_.erase(by_place_.iterator_to(mount));
    old.mount = std::exchange(mount.parent_, place.mount);
    old.dentry = std::exchange(mount.mount_point_, place.dentry);
    by_place_.insert(mount);
    place.dentry->mounts_here_.fetch_add(1, std::memory_order_release);
  }
  old.dentry = nullptr;
  changes_.count();
}

Ref<Mount> MountTable::find(const Mount& mount, const Dentry& dentry) {
  LockGuard guard(lock_);
  PlaceOf::type place{&mount, &dentry};
  auto behind = by_place_.upper_bound(place);
  if (behind == by_place_.begin()) return nullptr;
  Mount& last = *std::prev(behind);
  return PlaceOf()(last) == place ? Ref<Mount>(last) : nullptr;
}

Path MountTable::place_of(const Mount& mount) {
  LockGuard guard(lock_);
  return {mount.parent_, mount.mount_point_};
}

Ref<Mount> MountTable::root() {
  LockGuard guard(lock_);
  auto found = by_place_.find({nullptr, nullptr});
  return found == by_place_.end() ? nullptr : Ref<Mount>(*found);
}

bool MountTable::is_attached(const Mount& mount) {
  LockGuard guard(lock_);
  return mount.is_attached_;
}

Ref<Mount> MountTable::next(unsigned after) {
  LockGuard guard(lock_);
  auto found = by_id_.upper_bound(after);
  return found == by_id_.end() ? nullptr : Ref<Mount>(*found);
}

}  // namespace halcyon::fs
