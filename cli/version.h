// What `halcyon --version` prints.
#pragma once

#include <string>

namespace halcyon::cli {

// The version with the commit that was built (git describe), and Unicorn's version: a line each.
std::string version_text();

}  // namespace halcyon::cli
