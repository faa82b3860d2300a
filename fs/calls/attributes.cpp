// stat, access, statfs, readlink. What changes attributes is in change.cpp.
#include "fs/calls/attributes.h"

#include "fs/vfs/permission.h"

namespace halcyon::fs {

namespace {

constexpr uint64_t pipefs_magic = 0x50495045;

// "" with AT_EMPTY_PATH on a descriptor whose file has no place in the tree.
bool means_file_itself(const Start& start, std::string_view path, uint32_t flags) {
  return path.empty() && (flags & walk_flag::allow_empty) && start.file && !start.file->location();
}

Result<FileSystemStatistics> statistics_of(const Mount& mount) {
  FileSystemStatistics statistics = TRY(mount.file_system().statistics());
  constexpr uint64_t valid = 0x20, relatime = 4096, no_symfollow = 8192;
  uint32_t flags = mount.flags();
  statistics.flags = valid | (flags & (mount_flag::read_only | mount_flag::no_suid | mount_flag::no_dev | mount_flag::no_exec |
                                       mount_flag::no_atime | mount_flag::no_dir_atime));
  if (flags & mount_flag::relatime) statistics.flags |= relatime;
  if (flags & mount_flag::no_symfollow) statistics.flags |= no_symfollow;
  return statistics;
}

}  // namespace

Result<Attributes> stat(const Caller& caller, const Start& start, std::string_view path, uint32_t flags) {
  if (path.empty() && (flags & walk_flag::allow_empty) && start.file) return start.file->attributes();
  Walk walk(caller);
  Path found = TRY(walk.finish(start, path, flags));
  if (found.is_empty()) return walk.jumped_file()->attributes();
  return found.inode()->attributes();
}

Result<Target> target_of(File& file, bool path_too) {
  if (file.is_path() && !path_too) return err::badf;
  Inode* inode = file.inode();
  if (!inode) return err::inval;
  const Path* place = file.location();
  return Target{inode, place ? place->mount.get() : nullptr, place ? place->dentry.get() : nullptr};
}

Result<> access(const Caller& caller, const Start& start, std::string_view path, uint32_t wanted, bool effective, uint32_t flags) {
  if (wanted & ~(may::read | may::write | may::execute)) return err::inval;
  if (means_file_itself(start, path, flags)) return {};
  const Credentials* who = &caller.who;
  Ref<Credentials> real;
  if (!effective && (who->uid != who->fsuid || who->gid != who->fsgid)) {
    real = TRY(who->copy());
    real->fsuid = who->uid;
    real->fsgid = who->gid;
    real->effective = who->uid == 0 ? who->permitted : 0;
    who = real.get();
  }
  Caller asking{caller.context, *who};
  Walk walk(asking);
  Path found = TRY(walk.finish(start, path, flags));
  if (found.is_empty()) return {};
  Inode& inode = *found.inode();
  if ((wanted & may::execute) && inode.type() == FileType::regular && (found.mount->flags() & mount_flag::no_exec)) return err::acces;
  return wanted ? check_access(*who, *found.mount, inode, wanted) : Result<>{};
}

Result<FileSystemStatistics> statfs(const Caller& caller, std::string_view path) {
  Path found = TRY(resolve(caller, Start(), path, walk_flag::follow));
  return statistics_of(*found.mount);
}

Result<FileSystemStatistics> statfs(File& file) {
  if (const Path* place = file.location()) return statistics_of(*place->mount);
  FileSystemStatistics statistics;
  statistics.magic = pipefs_magic;
  return statistics;
}

Result<size_t> readlink(const Caller& caller, const Start& start, std::string_view path, Sink& out) {
  Path found = TRY(resolve(caller, start, path, walk_flag::allow_empty));
  if (!found.dentry->is_symlink()) return path.empty() ? err::noent : err::inval;
  TRY(found.inode()->read_link(out));
  found.mount->note_access(*found.inode());
  return out.done();
}

}  // namespace halcyon::fs
