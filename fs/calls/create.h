// Making a new name: what open, mkdir, mknod, symlink and link share.
#pragma once

#include "fs/vfs/walk.h"

namespace halcyon::fs {

// A negative dentry or none: the name is free.
inline bool is_free(const Ref<Dentry>& dentry) { return !dentry || dentry->is_negative(); }

// All with Vfs::tree held, after walk.look_up_locked() found the name free.
// EROFS, ENOENT (the directory was removed), EACCES.
Result<> check_create(const Caller& caller, const Walk& walk);
// Creates an object that is no symlink, owned by the caller, with the umask applied to `permissions`. Returns its dentry.
Result<Ref<Dentry>> create_locked(const Caller& caller, Walk& walk, FileType type, uint32_t permissions, uint64_t device);
// Makes the new name findable.
Result<Ref<Dentry>> add_name(const Caller& caller, Walk& walk, Ref<Inode> inode);

}  // namespace halcyon::fs
