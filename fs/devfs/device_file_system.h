// DeviceFileSystem: what is mounted at /dev (devtmpfs): a file system in memory that begins with the nodes of the devices that every
// program expects. Which drivers there are is the registry's matter (Vfs::devices): terminals register theirs for device_number::tty, the
// caller's controlling terminal, and device_number::console. There is no node without a driver.
#pragma once

#include "fs/devfs/memory_devices.h"
#include "fs/ramfs/ram_file_system.h"

namespace halcyon::fs {

class DeviceFileSystem final : public RamFileSystem {
 public:
  explicit DeviceFileSystem(Vfs& vfs) : RamFileSystem(vfs, RamOptions::with_default_limits(), "devtmpfs") {}
  static Result<Ref<DeviceFileSystem>> create(Vfs& vfs) { return make_ref<DeviceFileSystem>(vfs); }
  // With the nodes that registered devices ask for, with those of null zero full random urandom tty console ptmx that have a driver, the
  // directories pts and shm, and the symlinks fd stdin stdout stderr.
  Result<Ref<Inode>> make_root() override;
};

// "devtmpfs" of mount(2). Options must be right, but change nothing: on Linux, where there is one instance, it has been mounted before.
class DeviceFileSystemType final : public FileSystemType {
 public:
  DeviceFileSystemType() : FileSystemType("devtmpfs", tmpfs_options) {}
  Result<Ref<FileSystem>> create(const MountRequest& request) override;
};

}  // namespace halcyon::fs
