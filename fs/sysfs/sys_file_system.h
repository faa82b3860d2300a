// SysFileSystem: what is mounted at /sys (sysfs(5)): the folders that programs expect, and the few facts in them that this kernel has.
#pragma once

#include "fs/tree/system_text.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

inline constexpr uint64_t sys_magic = 0x62656572;

class SysFileSystem final : public FixedFileSystem {
 public:
  SysFileSystem(Vfs& vfs, Kernel& kernel) : FixedFileSystem(vfs, "sysfs", sys_magic), kernel_(kernel) {}
  Result<Ref<Inode>> make_root() override;
  bool directories_seek_from_end() const override { return true; }

 private:
  Result<> add_cpus(FixedDirectory& cpu);
  Kernel& kernel_;
};

// "sysfs" of mount(2).
class SysFileSystemType final : public FileSystemType {
 public:
  explicit SysFileSystemType(Kernel& kernel) : FileSystemType("sysfs"), kernel_(kernel) {}
  Result<Ref<FileSystem>> create(const MountRequest& request) override;

 private:
  Kernel& kernel_;
};

}  // namespace halcyon::fs
