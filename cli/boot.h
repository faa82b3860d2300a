// halcyon boot: the kernel on a bare machine, in QEMU.
#pragma once

#include "cli/options.h"

namespace halcyon::cli {

// Becomes `./dev boot` of the source tree that this program was built from, or of $HALCYON_TREE: that builds the bare kernel first if need
// be, and its exit status is the guest's. Throws Failure if it is not there.
[[noreturn]] void boot(const BareBootOptions& options);

}  // namespace halcyon::cli
