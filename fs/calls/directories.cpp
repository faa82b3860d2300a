#include "fs/calls/directories.h"

#include "fs/vfs/permission.h"

namespace halcyon::fs {

Result<> chdir(const Caller& caller, std::string_view path) {
  Path found = TRY(resolve(caller, Start(), path, walk_flag::follow | walk_flag::directory));
  TRY(check_access(caller.who, *found.inode(), may::execute));
  caller.context.set_working_directory(std::move(found));
  return {};
}

Result<> fchdir(const Caller& caller, File& file) {
  const Path* place = file.location();
  if (!place || !place->dentry->is_directory()) return err::notdir;
  TRY(check_access(caller.who, *place->inode(), may::execute));
  caller.context.set_working_directory(*place);
  return {};
}

Result<> chroot(const Caller& caller, std::string_view path) {
  Path found = TRY(resolve(caller, Start(), path, walk_flag::follow | walk_flag::directory));
  TRY(check_access(caller.who, *found.inode(), may::execute));
  if (!has_capability(caller.who, capability::sys_chroot)) return err::perm;
  caller.context.set_root(std::move(found));
  return {};
}

Result<> getcwd(const Caller& caller, Writer& out) {
  Path at = caller.context.working_directory();
  if (at.dentry->is_removed()) return err::noent;
  return write_path(out, at, caller.context.root());
}

}  // namespace halcyon::fs
