// Unpacking an archive into the guest's file system, which is in memory.
#pragma once

#include <string>

#include "cli/root/archive.h"
#include "fs/vfs/context.h"

namespace halcyon::cli {

// Creates everything that `image` holds below the caller's root, which is empty, and empties `image` on the way. The caller has every capability.
// Throws Failure: no memory, a damaged structure (a file inside a file). `name` is the archive's, for messages.
void unpack(ArchiveImage& image, const fs::Caller& caller, const std::string& name);

}  // namespace halcyon::cli
