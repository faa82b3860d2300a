// Filling the guest's root from an archive.
#pragma once

#include "cli/root/archive.h"
#include "fs/vfs/context.h"

namespace halcyon::cli {

// Makes everything that is in `image` below the caller's root, and empties it on the way. Throws Failure.
void unpack(ArchiveImage& image, const fs::Caller& caller);

}  // namespace halcyon::cli
