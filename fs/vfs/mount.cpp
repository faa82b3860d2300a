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

MountTable::~MountTable() {
  while (!mounts_.empty()) {
    Mount& mount = mounts_.back();
    mounts_.pop_back();
    if (mount.mount_point_) mount.mount_point_->mounts_here_.fetch_sub(1, std::memory_order_relaxed);
    Ref<Dentry> point = std::move(mount.mount_point_);
    Ref<Mount> parent = std::move(mount.parent_);
    mount.gather();
    Ref<Mount>::adopt(&mount);
    point = nullptr;  // before the mount that it belongs to
  }
}

void MountTable::attach(Ref<Mount> mount, const Path& place) {
  LockGuard guard(lock_);
  mount->parent_ = place.mount;
  mount->mount_point_ = place.dentry;
  if (place.dentry) place.dentry->mounts_here_.fetch_add(1, std::memory_order_release);
  if (mount->id_ == 0) mount->id_ = next_id_++;
  mount->is_attached_ = true;
  mount->spread();
  mounts_.push_back(*mount.release());
}

void MountTable::take_out_locked(Mount& mount) {
  mounts_.erase(mounts_.iterator_to(mount));
  mount.is_attached_ = false;
  if (mount.mount_point_) mount.mount_point_->mounts_here_.fetch_sub(1, std::memory_order_release);
}

// Lazily: first whatever lies on it, the deepest first; what they hold is dropped without the lock.
Result<> MountTable::detach(Mount& mount, unsigned users, bool lazily) {
  for (;;) {
    Mount* victim = &mount;
    Ref<Dentry> point;
    Ref<Mount> parent;
    {
      LockGuard guard(lock_);
      if (!mount.is_attached_) return err::inval;
      for (bool found = true; found;) {
        found = false;
        for (Mount& other : mounts_) {
          if (other.parent_.get() != victim) continue;
          if (!lazily) return err::busy;
          victim = &other;
          found = true;
          break;
        }
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
    if (was_last) return {};
  }
}

void MountTable::move(Mount& mount, const Path& place) {
  Path old;
  {
    LockGuard guard(lock_);
    mount.mount_point_->mounts_here_.fetch_sub(1, std::memory_order_release);
    old.mount = std::exchange(mount.parent_, place.mount);
    old.dentry = std::exchange(mount.mount_point_, place.dentry);
    place.dentry->mounts_here_.fetch_add(1, std::memory_order_release);
  }
  old.dentry = nullptr;
}

Ref<Mount> MountTable::find(const Mount& mount, const Dentry& dentry) {
  LockGuard guard(lock_);
  for (auto other = mounts_.rbegin(); other != mounts_.rend(); ++other)
    if (other->mount_point_.get() == &dentry && other->parent_.get() == &mount) return Ref<Mount>(*other);
  return nullptr;
}

Path MountTable::place_of(const Mount& mount) {
  LockGuard guard(lock_);
  return {mount.parent_, mount.mount_point_};
}

Ref<Mount> MountTable::root() {
  LockGuard guard(lock_);
  for (Mount& mount : mounts_)
    if (!mount.parent_) return Ref<Mount>(mount);
  return nullptr;
}

bool MountTable::is_attached(const Mount& mount) {
  LockGuard guard(lock_);
  return mount.is_attached_;
}

Ref<Mount> MountTable::next(unsigned after) {
  LockGuard guard(lock_);
  for (Mount& mount : mounts_)
    if (mount.id_ > after) return Ref<Mount>(mount);
  return nullptr;
}

}  // namespace halcyon::fs
