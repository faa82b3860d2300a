// FileSystem: one instance of a file system. Mount: one of its subtrees at one place of the tree. MountTable: the mounts that there are.
//
// Lock: the table's spin lock (rank filesystem) protects the indexes and each mount's place; changes happen under Vfs::tree besides.
#pragma once

#include <boost/intrusive/set.hpp>
#include <string_view>

#include "core/base/annotations.h"
#include "core/base/ref.h"
#include "core/base/string.h"
#include "core/file/change_counter.h"
#include "core/sync/spin_lock.h"
#include "core/sync/spread_ref_counted.h"
#include "fs/vfs/dentry.h"

namespace halcyon::fs {

class MountOptions;
class Space;
class Vfs;
struct Path;

// Mounted at least once; inodes hold it by a plain reference, for whoever uses an inode holds a Path.
class FileSystem : public RefCounted {
 public:
  // What may be cached: nothing, where names come and go by themselves (procfs); names that exist, to be looked at again each
  // time (a host tree that others change); or all.
  enum class Caching : uint8_t { none, existing, all };
  // `type` is a literal: "tmpfs".
  FileSystem(Vfs& vfs, std::string_view type, uint64_t magic, Caching caching = Caching::all);
  virtual ~FileSystem() = default;

  // The inode of the root directory; called once.
  virtual Result<Ref<Inode>> make_root() = 0;
  // lseek(2) on its directories takes SEEK_END: they are as long as an empty file.
  virtual bool directories_seek_from_end() const { return false; }
  // sync(2), syncfs(2), umount(2): writes what is only cached to where it belongs, and has that keep it. Each file system says what it has
  // to write. Blocks. EIO, ENOSPC.
  virtual Result<> sync() = 0;
  // Before the last mount goes: drops references that would keep the instance alive.
  virtual void shut_down() {}
  virtual Result<FileSystemStatistics> statistics();
  // Mount options of its own for /proc/mounts: ",size=4k".
  virtual void write_options(Writer& out) { static_cast<void>(out); }

  // Of what is in memory; null where nobody counts.
  virtual Space* space() { return nullptr; }
  // mount(2) with MS_REMOUNT: `options` as for a new mount. EINVAL, and nothing has changed.
  virtual Result<> reconfigure(const MountOptions& options) {
    static_cast<void>(options);
    return {};
  }

  Vfs& vfs() const { return vfs_; }
  std::string_view type() const { return type_; }
  uint64_t magic() const { return magic_; }
  uint64_t device() const { return device_; }  // st_dev
  Caching caching() const { return caching_; }
  // Names come and go by themselves, with what they stand for (procfs): nobody makes, removes or moves one. To look one up takes locks that
  // come before Vfs::tree.
  bool generates_names() const { return caching_ == Caching::none; }
  Nanoseconds now() const;  // CLOCK_REALTIME

 private:
  friend class Mount;
  friend class DentryCache;
  friend class Vfs;
  Vfs& vfs_;
  std::string_view type_;
  uint64_t magic_;
  uint64_t device_;
  Caching caching_;
  std::atomic<uint32_t> mounts_ = 0;
  std::atomic<uint64_t> synced_by_ = 0;  // the last call of Vfs::sync that came here
  CachedDentries cached_;
};

namespace mount_flag {  // of mount(2)
inline constexpr uint32_t read_only = 1, no_suid = 2, no_dev = 4, no_exec = 8, synchronous = 16, remount = 32, no_symfollow = 256,
                          no_atime = 1024, no_dir_atime = 2048;
inline constexpr uint32_t bind = 4096, move = 8192, recursive = 16384, silent = 32768, unbindable = 1 << 17, private_mount = 1 << 18,
                          slave = 1 << 19;
inline constexpr uint32_t shared = 1 << 20, relatime = 1 << 21, strict_atime = 1 << 24, no_user = 1u << 31;
// In the upper half, a sign of old that means nothing.
inline constexpr uint32_t magic_mask = 0xffff'0000, magic = 0xc0ed'0000;
inline constexpr uint32_t atime_mask = no_atime | no_dir_atime | relatime;
// What a mount remembers.
inline constexpr uint32_t kept = read_only | no_suid | no_dev | no_exec | no_symfollow | atime_mask;
// The same with relatime spelt out, which is what no flag means; without it and no_atime, atime is strict.
constexpr uint32_t kept_of(uint32_t flags) {
  if (flags & strict_atime) return flags & kept & ~(no_atime | relatime);
  return (flags & kept) | (flags & no_atime ? 0 : relatime);
}
}  // namespace mount_flag

struct MountIdTag;
struct MountPlaceTag;
using MountIdHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<MountIdTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;
using MountPlaceHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<MountPlaceTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;

// Its references are spread over the CPUs while it is in the table.
class Mount : public SpreadRefCounted, public MountIdHook, public MountPlaceHook {
 public:
  // `source` is the first column of /proc/mounts. ENOMEM.
  static Result<Ref<Mount>> create(Ref<FileSystem> file_system, Ref<Dentry> root, std::string_view source, uint32_t flags);
  ~Mount();

  FileSystem& file_system() const { return *file_system_; }
  const Ref<Dentry>& root() const { return root_; }
  uint32_t flags() const { return flags_.load(std::memory_order_relaxed); }
  void set_flags(uint32_t flags) { flags_.store(flags & mount_flag::kept, std::memory_order_relaxed); }
  bool is_read_only() const { return (flags() & mount_flag::read_only) != 0; }
  // Something of it was read: its atime changes as the mount's flags say.
  void note_access(Inode& inode) const;
  unsigned id() const { return id_; }
  std::string_view source() const { return source_.view(); }

 private:
  friend class MountTable;
  template <class T, class... Args>
  friend Result<Ref<T>> halcyon::make_ref(Args&&... args);
  Mount(Ref<FileSystem> file_system, Ref<Dentry> root, String source, uint32_t flags);

  Ref<FileSystem> file_system_;
  Ref<Dentry> root_;
  String source_;
  std::atomic<uint32_t> flags_;
  unsigned id_ = 0;
  Ref<Mount> parent_;  // under the table's lock, with mount_point_; null for the root mount and when detached
  Ref<Dentry> mount_point_;
  bool is_attached_ = false;
};

class MountTable {
 public:
  MountTable() = default;
  ~MountTable();

  // Puts `mount` on top of whatever is at `place`; an empty place makes it the root mount.
  void attach(Ref<Mount> mount, const Path& place);
  // EBUSY if it has mounts on it or somebody besides the caller, who holds `users` references, uses it; `lazily` detaches it and what is on
  // it all the same.
  Result<> detach(Mount& mount, unsigned users, bool lazily);
  // Puts an attached mount elsewhere (MS_MOVE).
  void move(Mount& mount, const Path& place);

  // What is mounted at the place; null if nothing is.
  Ref<Mount> find(const Mount& mount, const Dentry& dentry);
  // Where `mount` is mounted; an empty path for the root and for detached mounts.
  Path place_of(const Mount& mount);
  // The mount whose place is nothing.
  Ref<Mount> root();
  bool is_attached(const Mount& mount);
  // The mount with the lowest id > `after`, for listings; null at the end.
  Ref<Mount> next(unsigned after);
  // Counts mounts that come, go, move or change: poll(2) of /proc/PID/mounts.
  ChangeCounter& changes() { return changes_; }

 private:
  struct IdOf {
    using type = unsigned;
    type operator()(const Mount& mount) const { return mount.id_; }
  };
  // Where it is mounted.
  struct PlaceOf {
    using type = std::pair<const Mount*, const Dentry*>;
    type operator()(const Mount& mount) const { return {mount.parent_.get(), mount.mount_point_.get()}; }
  };
  void take_out_locked(Mount& mount) REQUIRES(lock_);
  Mount* child_locked(const Mount& mount) REQUIRES(lock_);

  SpinLock lock_{Rank::filesystem};
  // Each a reference. Ids are given in the order of attachment.
  boost::intrusive::set<Mount, boost::intrusive::base_hook<MountIdHook>, boost::intrusive::key_of_value<IdOf>,
                        boost::intrusive::constant_time_size<false>>
      by_id_ GUARDED_BY(lock_);
  // Of those at the same place the last is on top.
  boost::intrusive::multiset<Mount, boost::intrusive::base_hook<MountPlaceHook>, boost::intrusive::key_of_value<PlaceOf>,
                             boost::intrusive::constant_time_size<false>>
      by_place_ GUARDED_BY(lock_);
  unsigned next_id_ GUARDED_BY(lock_) = 1;
  ChangeCounter changes_;
};

}  // namespace halcyon::fs
