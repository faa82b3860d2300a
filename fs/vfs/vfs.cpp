#include "fs/vfs/vfs.h"

#include "core/base/lock_guard.h"
#include "fs/vfs/context.h"

namespace halcyon::fs {

Result<> Vfs::initialize() { return dentries_.initialize(); }

Vfs::~Vfs() = default;

Result<Ref<Context>> Vfs::mount_root(Ref<FileSystem> file_system, std::string_view source, uint32_t flags) {
  TRY(mount(std::move(file_system), Path(), source, flags));
  Path root;
  root.mount = mounts_.root();
  root.dentry = root.mount->root();
  return make_ref<Context>(*this, root, root, 022u);
}

Result<> Vfs::mount(Ref<FileSystem> file_system, const Path& place, std::string_view source, uint32_t flags) {
  Ref<Inode> inode = TRY(file_system->make_root());
  if (place.dentry && place.dentry->is_directory() != (inode->type() == FileType::directory)) return err::notdir;
  FileSystem& instance = *file_system;
  Ref<Dentry> root = TRY(Dentry::create_root(instance, std::move(inode)));
  Ref<Mount> mount = TRY(Mount::create(std::move(file_system), std::move(root), source, mount_flag::kept_of(flags)));
  LockGuard guard(tree_);
  if (place.dentry && place.dentry->is_removed()) return err::noent;
  mounts_.attach(std::move(mount), place);
  return {};
}

// A mount is not kept while its file system is written, so that it can be unmounted.
Result<> Vfs::sync() {
  Result<> result;
  uint64_t call = syncs_.fetch_add(1, std::memory_order_relaxed) + 1;
  auto note = [&](const Result<>& done) {
    if (result) result = done;
  };
  unsigned id = 0;
  while (Ref<Mount> mount = mounts_.next(id)) {
    id = mount->id();
    Ref<FileSystem> file_system(mount->file_system());
    mount = nullptr;
    // It may be mounted many times.
    if (file_system->synced_by_.exchange(call, std::memory_order_relaxed) != call) note(file_system->sync());
  }
  for (Device* device = devices_.next(nullptr); device; device = devices_.next(device)) note(device->sync());
  return result;
}

Result<Ref<FileSystem>> Vfs::make(std::string_view name, std::string_view text) {
  FileSystemType* type = find_type(name);
  if (!type || type->needs_device()) return err::nodev;
  MountOptions options;
  TRY(options.parse(text, type->options(), type->unknown_options()));
  return type->create({.vfs = *this, .source = name, .options = options});
}

void Vfs::add_type(FileSystemType& type) {
  FileSystemType** link = &types_;
  while (*link) link = &(*link)->next_;
  *link = &type;
}

FileSystemType* Vfs::find_type(std::string_view name) {
  FileSystemType* type = types_;
  while (type && type->name_ != name) type = type->next_;
  return type;
}

}  // namespace halcyon::fs
