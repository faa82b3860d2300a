// The calls that create, remove and rename names. Errors as their manual pages say.
#pragma once

#include "fs/vfs/walk.h"

namespace halcyon::fs {

Result<> mkdir(const Caller& caller, const Start& start, std::string_view path, uint32_t mode);
// `mode` with its type; type 0 is a regular file.
Result<> mknod(const Caller& caller, const Start& start, std::string_view path, uint32_t mode, uint64_t device);
Result<> symlink(const Caller& caller, std::string_view target, const Start& start, std::string_view path);
// `flags`: walk_flag::follow (AT_SYMLINK_FOLLOW), walk_flag::allow_empty (AT_EMPTY_PATH, for CAP_DAC_READ_SEARCH or a file that the caller
// opened).
Result<> link(const Caller& caller, const Start& from_start, std::string_view from, const Start& to_start, std::string_view to,
              uint32_t flags);

Result<> unlink(const Caller& caller, const Start& start, std::string_view path);
Result<> rmdir(const Caller& caller, const Start& start, std::string_view path);

namespace rename_flag {  // of renameat2(2)
inline constexpr uint32_t no_replace = 1, exchange = 2, whiteout = 4;
}
Result<> rename(const Caller& caller, const Start& from_start, std::string_view from, const Start& to_start, std::string_view to,
                uint32_t flags);

// Takes the name out of its directory and makes whatever is bound there later: for a socket that bind(2) creates.
Result<Path> make_socket(const Caller& caller, std::string_view path, uint32_t mode);

}  // namespace halcyon::fs
