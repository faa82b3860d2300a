// Mounting the guest's tree of files.
#pragma once

#include "cli/options.h"
#include "cli/root/guest_tree.h"
#include "syscalls/boot.h"

namespace halcyon::cli {

// Mounts the root that `tree` describes, the bound directories, and what every guest has (/dev, /proc). Throws Failure.
void mount_guest(System& system, GuestTree& tree);

}  // namespace halcyon::cli
