#include "fs/vfs/vfs.h"

#include "core/base/lock_guard.h"
#include "fs/vfs/context.h"

namespace halcyon::fs {

Result<> Vfs::initialize() { return dentries_.initialize(); }

Vfs::~Vfs() = default;

Result<Ref<Context>> Vfs::mount_root(Ref<FileSystem> file_system, std::string_view source, uint32_t flags) {
  if (auto mounted = mount(std::move(file_system), Path(), source, flags); !mounted) return std::unexpected(mounted.error());
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
