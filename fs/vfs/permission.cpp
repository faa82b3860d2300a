#include "fs/vfs/permission.h"

namespace halcyon::fs {

Result<> check_access(const Credentials& who, Inode& inode, uint32_t wanted) {
  return check_access(who, inode.ownership(), inode.type() == FileType::directory, wanted);
}

Result<> check_access(const Credentials& who, const Ownership& ownership, bool is_directory, uint32_t wanted) {
  uint32_t allowed = ownership.permissions;
  if (who.fsuid == ownership.uid) allowed >>= 6;
  else if (who.is_in_group(ownership.gid)) allowed >>= 3;
  if ((wanted & ~allowed & 7) == 0) return {};
  if (who.effective == 0) return err::acces;
  bool executable = is_directory || (ownership.permissions & 0111) != 0;
  if (has_capability(who, capability::dac_override) && (!(wanted & may::execute) || executable)) return {};
  uint32_t readable = is_directory ? may::read | may::execute : may::read;
  if (has_capability(who, capability::dac_read_search) && (wanted & ~readable) == 0) return {};
  return err::acces;
}

Result<> check_access(const Credentials& who, const Mount& mount, Inode& inode, uint32_t wanted) {
  if ((wanted & may::write) && mount.is_read_only()) {
    FileType type = inode.type();
    if (type == FileType::regular || type == FileType::directory || type == FileType::symlink) return err::rofs;
  }
  return check_access(who, inode, wanted);
}

bool is_owner(const Credentials& who, const Ownership& ownership) {
  return who.fsuid == ownership.uid || has_capability(who, capability::fowner);
}

Result<> check_remove(const Credentials& who, Inode& directory, Inode& child) {
  TRY(check_access(who, directory, may::write | may::execute));
  Ownership of_directory = directory.ownership();
  if ((of_directory.permissions & mode::sticky) == 0 || who.fsuid == of_directory.uid) return {};
  return is_owner(who, child.ownership()) ? Result<>{} : err::perm;
}

Result<> check_link(const Credentials& who, Inode& target) {
  Ownership ownership = target.ownership();
  if (is_owner(who, ownership)) return {};
  constexpr uint32_t lends_group = mode::set_gid | mode::group_execute;
  bool lends_rights = (ownership.permissions & mode::set_uid) || (ownership.permissions & lends_group) == lends_group;
  if (target.type() != FileType::regular || lends_rights) return err::perm;
  return check_access(who, target, may::read | may::write) ? Result<>{} : err::perm;
}

NewOwnership ownership_in(const Credentials& who, Inode& directory, FileType type, uint32_t permissions, uint32_t umask) {
  NewOwnership result{who.fsuid, who.fsgid, permissions & ~umask & mode::permissions};
  Ownership above = directory.ownership();
  if ((above.permissions & mode::set_gid) == 0) return result;
  result.gid = above.gid;
  // What was asked for decides, not what the umask leaves of it.
  constexpr uint32_t lends_group = mode::set_gid | mode::group_execute;
  if (type == FileType::directory) result.permissions |= mode::set_gid;
  else if ((permissions & lends_group) == lends_group && !who.is_in_group(above.gid) && !has_capability(who, capability::fsetid))
    result.permissions &= ~mode::set_gid;
  return result;
}

}  // namespace halcyon::fs
