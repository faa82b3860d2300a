// Alone in its library: a new commit compiles this file again and no other.
#include "cli/version.h"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include "halcyon_commit.h"

namespace halcyon::cli {

std::string version_text() {
  unsigned version = uc_version(nullptr, nullptr);  // a byte each: major, minor, patch, and what follows it
  return fmt::format("halcyon {} ({})\nUnicorn {}.{}.{}\n", HALCYON_VERSION, HALCYON_COMMIT, version >> 24, version >> 16 & 0xff,
                     version >> 8 & 0xff);
}

}  // namespace halcyon::cli
