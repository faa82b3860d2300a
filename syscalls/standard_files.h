// StandardFiles: the kinds of file systems and the devices that every kernel has, and where they are mounted. Adding one is a member, a
// line in add_to and, if it has a place in every tree, a line in mount_all.
#pragma once

#include "core/base/vec.h"
#include "fs/block/disk.h"
#include "fs/calls/mounts.h"
#include "fs/devfs/device_file_system.h"
#include "fs/devfs/hardware_random.h"
#include "fs/procfs/proc_file_system.h"
#include "fs/ramfs/ram_file_system.h"
#include "fs/sysfs/sys_file_system.h"

namespace halcyon {

class StandardFiles {
 public:
  explicit StandardFiles(Kernel& kernel)
      : kernel_(kernel),
        random_(kernel.machine()),
        hardware_random_(kernel, kernel.machine().entropy_source()),
        proc_(kernel),
        sys_(kernel) {}

  // Before the first mount; lives as long as the Vfs. ENOMEM.
  Result<> add_to(fs::Vfs& vfs);
  // Mounts /dev and what lies below it, /proc and /sys; a mount point that is missing is made. ENOMEM, and what making a directory says.
  Result<> mount_all(const fs::Caller& caller);

 private:
  class MachineRandom final : public fs::RandomSource {
   public:
    explicit MachineRandom(hal::Machine& machine) : machine_(machine) {}
    void fill(std::span<std::byte> bytes) override { machine_.random(bytes); }

   private:
    hal::Machine& machine_;
  };

  Kernel& kernel_;
  MachineRandom random_;
  fs::MemoryDevices devices_{random_};
  fs::HardwareRandom hardware_random_;
  Vec<Ref<fs::Disk>> disks_;
  fs::TmpfsType tmpfs_;
  fs::RamfsType ramfs_;
  fs::DeviceFileSystemType devtmpfs_;
  fs::ProcFileSystemType proc_;
  fs::SysFileSystemType sys_;
};

}  // namespace halcyon
