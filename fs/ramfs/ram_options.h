// The options of mount(2) for file systems in memory (tmpfs(5)).
#pragma once

#include <string_view>

#include "fs/ramfs/ram_file_system.h"

namespace halcyon::fs {

// Changes what `text` names: "size=10m,mode=755". EINVAL: an option that is not known, that lacks its value, or whose value is none.
Result<> parse_tmpfs_options(std::string_view text, RamOptions* options);
// Only mode= means anything; what is not known is ignored, as it always was.
Result<> parse_ramfs_options(std::string_view text, RamOptions* options);

}  // namespace halcyon::fs
