#include "syscalls/standard_files.h"

namespace halcyon {

Result<> StandardFiles::add_to(fs::Vfs& vfs) {
  devices_.add_to(vfs.devices());
  vfs.devices().add(hardware_random_);
  for (fs::FileSystemType* type : std::initializer_list<fs::FileSystemType*>{&tmpfs_, &ramfs_, &devtmpfs_, &proc_, &sys_})
    vfs.add_type(*type);
  unsigned index = 0;
  for (hal::BlockDevice* device : kernel_.machine().disks()) {
    Ref<fs::Disk> disk = TRY(make_ref<fs::Disk>(kernel_, *device, index++));
    vfs.devices().add(*disk);
    TRY(disks_.push(std::move(disk)));
  }
  return {};
}

Result<> StandardFiles::mount_all(const fs::Caller& caller) {
  namespace flag = fs::mount_flag;
  const struct {
    fs::FileSystemType& type;
    std::string_view target, options;
    uint32_t flags;
  } mounts[] = {{devtmpfs_, "/dev", "", flag::no_suid},
                {tmpfs_, "/dev/shm", "mode=1777", flag::no_suid | flag::no_dev},
                {proc_, "/proc", "", flag::no_suid | flag::no_dev | flag::no_exec},
                {sys_, "/sys", "", flag::no_suid | flag::no_dev | flag::no_exec}};
  for (const auto& mount : mounts) {
    uint32_t flags = mount.flags;
    Ref<fs::FileSystem> made = TRY(fs::make_file_system(caller, mount.type, mount.type.name(), mount.options, &flags));
    TRY(fs::mount_new(caller, std::move(made), mount.type.name(), mount.target, flags));
  }
  return {};
}

}  // namespace halcyon
