// Vfs: everything that the file systems of one kernel share: the dentry cache, the mounts, the device drivers behind device nodes, the
// kinds of file systems that mount(2) knows. One object per kernel, built by the composition (syscalls/boot) before the first mount, and
// destroyed after the last process.
//
// Lock: tree() (rank filesystem, a mutex) is held by whoever changes which names exist or what is mounted, and by whoever asks a file
// system for a name that is not cached.
#pragma once

#include <atomic>

#include "core/base/own.h"
#include "core/sync/mutex.h"
#include "fs/devfs/device.h"
#include "fs/vfs/dentry.h"
#include "fs/vfs/file_system_type.h"
#include "fs/vfs/mount.h"
#include "fs/vfs/path.h"

namespace halcyon::fs {

class Context;

// The clock that time stamps come from.
class TimeSource {
 public:
  virtual Nanoseconds realtime() = 0;

 protected:
  ~TimeSource() = default;
};

class Vfs {
 public:
  Vfs(TimeSource& time, size_t dentry_limit, unsigned cpus) : time_(time), dentries_(dentry_limit, cpus) {}
  Result<> initialize();  // ENOMEM
  ~Vfs();
  Vfs(const Vfs&) = delete;
  Vfs& operator=(const Vfs&) = delete;

  Nanoseconds now() { return time_.realtime(); }
  DentryCache& dentries() { return dentries_; }
  MountTable& mounts() { return mounts_; }
  DeviceRegistry& devices() { return devices_; }
  Mutex& tree() { return tree_; }
  uint64_t new_device() { return make_device(0, next_device_.fetch_add(1, std::memory_order_relaxed)); }

  // Mounts the root of everything and returns a context with root and working directory there.
  Result<Ref<Context>> mount_root(Ref<FileSystem> file_system, std::string_view source, uint32_t flags);
  // Mounts a new instance at `place`, a directory (or, if its root is none, not a directory). ENOTDIR, ENOMEM.
  Result<> mount(Ref<FileSystem> file_system, const Path& place, std::string_view source, uint32_t flags);

  // sync(2): all file systems that are mounted, then all devices. The first error; the rest is done all the same.
  Result<> sync();

  // Of files without names; null until somebody has set it. Under tree().
  const Ref<Mount>& memory_mount() const { return memory_mount_; }
  void set_memory_mount(Ref<Mount> mount) { memory_mount_ = std::move(mount); }

  // An instance of a type that needs no device, for who composes a tree. ENODEV: there is no such type; EINVAL, ENOMEM.
  Result<Ref<FileSystem>> make(std::string_view type, std::string_view options);
  void add_type(FileSystemType& type);
  FileSystemType* find_type(std::string_view name);
  // For /proc/filesystems: the type after `type`, from null.
  FileSystemType* next_type(FileSystemType* type) { return type ? type->next_ : types_; }

 private:
  TimeSource& time_;
  std::atomic<uint32_t> next_device_ = 1;
  std::atomic<uint64_t> syncs_ = 0;
  Mutex tree_{Rank::filesystem};
  DeviceRegistry devices_;
  FileSystemType* types_ = nullptr;
  DentryCache dentries_;
  MountTable mounts_;
  Ref<Mount> memory_mount_;
};

}  // namespace halcyon::fs
