// Dentry: one name in one directory, with the inode that it names, or with none: a cached "does not exist". The cache finds it by parent
// and name without allocating or copying, and holds a reference to it as long as it is hashed; so at most one dentry exists per name, and
// whoever uses one keeps all its ancestors.
//
// Lock: the cache's spin lock (rank filesystem), which those who only look take for their own CPU, protects hashing, names and parents
// (which rename changes) and the order of eviction. A dentry's inode never changes: creating or removing an object replaces the dentry.
// Which names a directory holds changes only under Vfs::tree.
#pragma once

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <string_view>

#include "core/base/annotations.h"
#include "core/base/ref.h"
#include "core/base/vec.h"
#include "core/file/inode.h"
#include "core/sync/reader_lock.h"
#include "fs/vfs/name.h"

namespace halcyon {
struct Credentials;
}

namespace halcyon::fs {

class FileSystem;
class DentryCache;

struct LruTag;
using LruHook = boost::intrusive::list_base_hook<boost::intrusive::tag<LruTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;
struct OfFileSystemTag;
using OfFileSystemHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<OfFileSystemTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;

class Dentry : public RefCounted, public LruHook, public OfFileSystemHook {
 public:
  // A name in `parent`, not yet hashed; `inode` null: negative. ENOMEM.
  static Result<Ref<Dentry>> create(Ref<Dentry> parent, std::string_view name, Ref<Inode> inode);
  // An object that has no name, "#N" in `parent`; link(2) may give it one if `can_be_named`.
  static Result<Ref<Dentry>> create_unnamed(Ref<Dentry> parent, std::string_view text, Ref<Inode> inode, bool can_be_named);
  // The root of a file system.
  static Result<Ref<Dentry>> create_root(FileSystem& file_system, Ref<Inode> inode);
  ~Dentry();

  FileSystem& file_system() const { return *file_system_; }
  Inode* inode() const { return inode_.get(); }
  bool is_negative() const { return !inode_; }
  bool is_directory() const { return is_directory_; }
  bool is_symlink() const { return is_symlink_; }
  // Something is mounted on it, in some mount of its file system.
  bool is_mount_point() const { return mounts_here_.load(std::memory_order_acquire) != 0; }
  // It never had a name (O_TMPFILE), but may get one.
  bool can_be_named() const { return can_be_named_; }
  // Its name was removed while somebody still uses it.
  bool is_removed() const { return is_removed_.load(std::memory_order_acquire); }

 private:
  friend class DentryCache;
  friend class MountTable;
  template <class T, class... Args>
  friend Result<Ref<T>> halcyon::make_ref(Args&&... args);
  Dentry(FileSystem& file_system, Ref<Dentry> parent, Ref<Inode> inode);

  FileSystem* file_system_;
  Ref<Dentry> parent_;  // null for a root; under the cache's lock
  const Ref<Inode> inode_;
  Dentry* next_in_bucket_ = nullptr;  // under the cache's lock, as all below
  NameText name_;
  std::atomic<uint32_t> mounts_here_ = 0;
  const bool is_directory_;
  const bool is_symlink_;
  bool can_be_named_ = false;
  bool is_hashed_ = false;
  std::atomic<bool> is_recent_ = false;  // used since eviction last looked at it
  std::atomic<bool> is_removed_ = false;
};

// Of one file system, those that the cache holds: under the cache's lock.
using CachedDentries =
    boost::intrusive::list<Dentry, boost::intrusive::base_hook<OfFileSystemHook>, boost::intrusive::constant_time_size<true>>;

class DentryCache {
 public:
  // Keeps about `limit` dentries that nobody uses, for a kernel with so many CPUs.
  DentryCache(size_t limit, unsigned cpus) : limit_(limit), lock_(Rank::filesystem, cpus) {}
  Result<> initialize();
  ~DentryCache();
  DentryCache(const DentryCache&) = delete;
  DentryCache& operator=(const DentryCache&) = delete;

  // The cached dentry of a name, which may be negative; null if nothing is known about it.
  Ref<Dentry> find(Dentry& parent, const Name& name);
  // Makes a dentry findable; returns the one to use, which is another if somebody was faster. May evict others.
  Ref<Dentry> insert(Ref<Dentry> dentry);
  // Forgets the name: the object was removed (`removed`: whoever still uses the dentry sees " (deleted)"), or is only to be looked up
  // again.
  void remove(Dentry& dentry, bool removed);
  // Gives `dentry` another name and parent; whatever is cached under that name is removed. ENOMEM, and nothing has changed, if the name
  // does not fit.
  Result<> move(Dentry& dentry, Dentry& to, std::string_view to_name);
  // Swaps the places of two.
  void exchange(Dentry& one, Dentry& other);

  // Forgets up to `count` dentries that nobody uses, the longest unused first.
  size_t shrink(size_t count);
  // Forgets all dentries of a file system that nobody uses: before it goes.
  void purge(FileSystem& file_system);

  Ref<Dentry> parent(const Dentry& dentry);
  // True if `dentry` is `ancestor` or below it in their file system.
  bool is_descendant(const Dentry& dentry, const Dentry& ancestor);
  // Runs action(name, parent) with the lock held; parent is null for a root.
  template <class Action>
  void with_name(const Dentry& dentry, Action&& action) {
    lock_.lock_shared();
    action(dentry.name_.view(), dentry.parent_.get());
    lock_.unlock_shared();
  }
  // Follows cached names from a dentry as far as they lead through directories that `who` may search, without symlinks, mount points and
  // dot components; `keep_last` stops before the last component. Shortens *text to what is left, and returns the dentry reached, or null if
  // that is where it started.
  Ref<Dentry> descend(Dentry& from, std::string_view* text, bool keep_last, const Credentials& who);

  size_t size() const { return count_.load(std::memory_order_relaxed); }

 private:
  using Lru = boost::intrusive::list<Dentry, boost::intrusive::base_hook<LruHook>, boost::intrusive::constant_time_size<false>>;
  Dentry*& bucket(const Dentry* parent, uint32_t hash) REQUIRES_SHARED(lock_);
  static void note_use(Dentry& dentry);
  Dentry* find_locked(const Dentry* parent, const Name& name) REQUIRES_SHARED(lock_);
  void hash_locked(Dentry& dentry) REQUIRES(lock_);
  // Leaves the cache's reference to the caller.
  void unhash_locked(Dentry& dentry) REQUIRES(lock_);
  // What the cache holds, hashed or on its way out of the hash.
  void enlist_locked(Dentry& dentry) REQUIRES(lock_);
  void delist_locked(Dentry& dentry) REQUIRES(lock_);
  Dentry* pop_unused_locked(size_t* scans) REQUIRES(lock_);
  Dentry* pop_unused_locked(size_t* scans, CachedDentries& of) REQUIRES(lock_);
  Ref<Dentry> take_unused_parent(Ref<Dentry> dentry);
  void grow_buckets() EXCLUDES(lock_);

  const size_t limit_;
  ReaderLock lock_;
  Vec<Dentry*> buckets_ GUARDED_BY(lock_);  // chains by parent and name
  Lru lru_ GUARDED_BY(lock_);               // front: next to be looked at for eviction
  std::atomic<size_t> bucket_count_ = 0;    // buckets_.size(); changes under lock_
  std::atomic<size_t> count_ = 0;
};

}  // namespace halcyon::fs
