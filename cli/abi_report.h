// `halcyon abi`: the system calls that there are, by ISA, and where they are partial. All of it comes from syscalls/table.inc.
#pragma once

#include <string>

#include "cli/options.h"

namespace halcyon::cli {

std::string describe_abi(const AbiOptions& options);

}  // namespace halcyon::cli
