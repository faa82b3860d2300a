#include "fs/devfs/device_file_system.h"

namespace halcyon::fs {

namespace {

struct DeviceEntry {
  std::string_view name;
  uint64_t number;
  uint32_t permissions;
};
constexpr DeviceEntry device_entries[] = {
    {"null", device_number::null, 0666},       {"zero", device_number::zero, 0666},       {"full", device_number::full, 0666},
    {"random", device_number::random, 0666},   {"urandom", device_number::urandom, 0666}, {"tty", device_number::tty, 0666},
    {"console", device_number::console, 0600}, {"ptmx", device_number::ptmx, 0666},
};

struct DirectoryEntry {
  std::string_view name;
  uint32_t permissions;
};
constexpr DirectoryEntry directory_entries[] = {{"pts", 0755}, {"shm", 01777}};

struct LinkEntry {
  std::string_view name;
  std::string_view target;
};
constexpr LinkEntry link_entries[] = {
    {"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}};

}  // namespace

Result<Ref<Inode>> DeviceFileSystem::make_root() {
  Ref<Inode> root = TRY(RamFileSystem::make_root());
  DeviceRegistry& devices = vfs().devices();
  for (const DeviceEntry& entry : device_entries) {
    if (!devices.find(FileType::character_device, entry.number)) continue;
    TRY(root->create(entry.name, FileType::character_device, entry.permissions, 0, 0, entry.number));
  }
  for (Device* device = devices.next(nullptr); device; device = devices.next(device)) {
    if (device->node_name().empty()) continue;
    TRY(root->create(device->node_name(), device->type(), 0600, 0, 0, device->number()));
  }
  for (const DirectoryEntry& entry : directory_entries) {
    TRY(root->create(entry.name, FileType::directory, entry.permissions, 0, 0, 0));
  }
  for (const LinkEntry& entry : link_entries) {
    TRY(root->symlink(entry.name, entry.target, 0, 0));
  }
  return root;
}

Result<Ref<FileSystem>> DeviceFileSystemType::create(const MountRequest& request) {
  Ref<DeviceFileSystem> file_system = TRY(DeviceFileSystem::create(request.vfs));
  return file_system;
}

}  // namespace halcyon::fs
