// open(2) and its kin.
#pragma once

#include "fs/vfs/walk.h"

namespace halcyon::fs {

// `flags` as in open(2), unknown ones ignored; `mode` counts if a file is created. All errors of open(2) that do not come from the
// descriptor table. May block (FIFO, tty). The result does not remember creation flags.
Result<Ref<File>> open(const Caller& caller, const Start& start, std::string_view path, uint32_t flags, uint32_t mode);

// A program or interpreter for execve(2), which nobody may write to as long as it is open so: a regular file with execute permission
// (EACCES otherwise), on a mount without noexec, readable for the kernel whatever its read permission. `walk` is walk_flag::follow,
// allow_empty.
Result<Ref<File>> open_executable(const Caller& caller, const Start& start, std::string_view path, uint32_t walk);

// A description of an object that a path was resolved to, without a look at permissions: for the composition.
Result<Ref<File>> open_path(const Caller& caller, const Path& path, uint32_t flags);

}  // namespace halcyon::fs
