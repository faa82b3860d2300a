// mount(2), umount2(2) and what /proc shows of mounts.
#pragma once

#include "fs/vfs/walk.h"

namespace halcyon::fs {

// New mounts of registered types, MS_BIND (MS_REC is accepted and binds one level), MS_REMOUNT of the flags and of a tmpfs's sizes,
// MS_MOVE; propagation flags are checked, and are without effect. EPERM without CAP_SYS_ADMIN, ENODEV, EINVAL, EBUSY, ENOTDIR.
Result<> mount(const Caller& caller, std::string_view source, std::string_view target, std::string_view type, uint32_t flags,
               std::string_view options);

// An instance of `type` as mount(2) makes it: parses the options, which may change the flags, and finds the device if it needs one. EINVAL;
// ENOTBLK, ENXIO, EACCES and what a path walk says of the device; what the type says.
Result<Ref<FileSystem>> make_file_system(const Caller& caller, FileSystemType& type, std::string_view source, std::string_view options,
                                         uint32_t* flags);

// Mounts an instance at a directory, which is made first if it is missing: for the composition of the root. Asks for no capability.
Result<> mount_new(const Caller& caller, Ref<FileSystem> file_system, std::string_view source, std::string_view target, uint32_t flags = 0);
// Binds what is at `source` to `target`, which is made if it is missing (as what the source is).
Result<> bind_new(const Caller& caller, const Path& source, std::string_view target);

namespace umount_flag {
inline constexpr uint32_t force = 1, detach = 2, expire = 4, no_follow = 8;
}
Result<> umount(const Caller& caller, std::string_view target, uint32_t flags);

// The contents of /proc/PID/mounts and mountinfo, as seen from `root`. ENOMEM.
Result<> write_mounts(Writer& out, Vfs& vfs, const Path& root);
Result<> write_mountinfo(Writer& out, Vfs& vfs, const Path& root);

}  // namespace halcyon::fs
