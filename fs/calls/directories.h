// Root and working directory.
#pragma once

#include "fs/vfs/walk.h"

namespace halcyon::fs {

Result<> chdir(const Caller& caller, std::string_view path);
// ENOTDIR, EACCES.
Result<> fchdir(const Caller& caller, File& file);
// EPERM without CAP_SYS_CHROOT.
Result<> chroot(const Caller& caller, std::string_view path);
// The text of getcwd(2), without a NUL: "(unreachable)/..." outside the root, ENOENT if the directory was removed.
Result<> getcwd(const Caller& caller, Writer& out);

}  // namespace halcyon::fs
