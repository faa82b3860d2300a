// Who may do what to an inode: permission bits, groups, capabilities (path_resolution(7), inode(7), capabilities(7)).
#pragma once

#include "core/file/inode.h"
#include "core/task/process/credentials.h"
#include "fs/vfs/mount.h"

namespace halcyon::fs {

namespace may {
inline constexpr uint32_t execute = 1, write = 2, read = 4;  // as in access(2)
}

// EACCES unless all of `wanted` is allowed to who's fsuid and groups.
Result<> check_access(const Credentials& who, Inode& inode, uint32_t wanted);
Result<> check_access(const Credentials& who, const Ownership& ownership, bool is_directory, uint32_t wanted);
// The same, and EROFS for a write on a read-only mount to something that is no device, FIFO or socket.
Result<> check_access(const Credentials& who, const Mount& mount, Inode& inode, uint32_t wanted);
// The owner, or CAP_FOWNER.
bool is_owner(const Credentials& who, const Ownership& ownership);
// Whether `who` may remove or rename `child` in `directory`: write and search permission, the sticky bit. EACCES, EPERM.
Result<> check_remove(const Credentials& who, Inode& directory, Inode& child);

// Whether `who` may make another name for `target` (proc(5), protected_hardlinks): its owner may, and others only for a regular file that
// they can read and write and that lends nobody rights. EPERM.
Result<> check_link(const Credentials& who, Inode& target);

// What a new object in `directory` gets: the owner, the group (inherited from a setgid directory), the permissions after the umask.
struct NewOwnership {
  uint32_t uid, gid, permissions;
};
NewOwnership ownership_in(const Credentials& who, Inode& directory, FileType type, uint32_t permissions, uint32_t umask);

}  // namespace halcyon::fs
