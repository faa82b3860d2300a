#include "fs/ramfs/memory_file.h"

#include "core/base/lock_guard.h"
#include "fs/calls/open.h"
#include "fs/ramfs/ram_file_system.h"

namespace halcyon::fs {

namespace {

Result<Ref<Mount>> memory_mount(Vfs& vfs) {
  LockGuard guard(vfs.tree());
  if (!vfs.memory_mount()) {
    Ref<RamFileSystem> file_system = TRY(RamFileSystem::create(vfs));
    Ref<Inode> inode = TRY(file_system->make_root());
    Ref<Dentry> root = TRY(Dentry::create_root(*file_system, std::move(inode)));
    Ref<Mount> mount = TRY(Mount::create(std::move(file_system), std::move(root), "tmpfs", 0));
    vfs.set_memory_mount(std::move(mount));
  }
  return vfs.memory_mount();
}

}  // namespace

Result<Ref<File>> open_memory_file(const Caller& caller, std::string_view name, bool can_be_sealed) {
  std::array<char, name_max> text;
  constexpr std::string_view prefix = "memfd:";
  if (prefix.size() + name.size() > text.size()) return err::nametoolong;
  prefix.copy(text.data(), prefix.size());
  name.copy(text.data() + prefix.size(), name.size());
  Path path;
  path.mount = TRY(memory_mount(caller.vfs()));
  Inode& root = *path.mount->root()->inode();
  Ref<Inode> inode = TRY(root.create_unnamed(0777, caller.who.fsuid, caller.who.fsgid));
  inode->set_seals(seal::has_seals | (can_be_sealed ? 0 : seal::seal));
  path.dentry = TRY(Dentry::create_unnamed(path.mount->root(), {text.data(), prefix.size() + name.size()}, std::move(inode), false));
  return open_path(caller, path, open_flag::read_write);
}

}  // namespace halcyon::fs
