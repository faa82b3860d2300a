#include "syscalls/standard_files.h"

namespace halcyon {

void StandardFiles::add_to(fs::Vfs& vfs) {
  devices_.add_to(vfs.devices());
  for (fs::FileSystemType* type : {static_cast<fs::FileSystemType*>(&tmpfs_), static_cast<fs::FileSystemType*>(&ramfs_),
                                   static_cast<fs::FileSystemType*>(&devtmpfs_), static_cast<fs::FileSystemType*>(&proc_)}) {
    vfs.add_type(*type);
  }
}

Result<> StandardFiles::mount_all(const fs::Caller& caller) {
  Ref<fs::FileSystem> devices = TRY(devtmpfs_.create(caller.vfs(), "devtmpfs", ""));
  if (auto mounted = fs::mount_new(caller, std::move(devices), "devtmpfs", "/dev"); !mounted) return mounted;
  Ref<fs::FileSystem> shared_memory = TRY(tmpfs_.create(caller.vfs(), "tmpfs", "mode=1777"));
  if (auto mounted = fs::mount_new(caller, std::move(shared_memory), "tmpfs", "/dev/shm"); !mounted) return mounted;
  Ref<fs::FileSystem> proc = TRY(proc_.create(caller.vfs(), "proc", ""));
  return fs::mount_new(caller, std::move(proc), "proc", "/proc");
}

}  // namespace halcyon
