#include "cli/boot.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/failure.h"

namespace halcyon::cli {
namespace {

std::string source_tree() {
  const char* given = std::getenv("HALCYON_TREE");
  return given && *given ? given : HALCYON_SOURCE_DIR;
}

}  // namespace

void boot(const BareBootOptions& options) {
  const std::string tree = source_tree(), script = tree + "/dev";
  for (const std::string& file : {script, tree + "/hal-baremetal/qemu/boot.py"}) {
    if (access(file.c_str(), R_OK) == 0) continue;
    fail(exit_status::own_failure, "boot: {}: {}; it needs the source tree that halcyon was built from (or HALCYON_TREE, where it is now)",
         file, std::strerror(errno));
  }
  std::vector<std::string> words = {script, "boot"};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv(script.c_str(), pointers.data());
  fail(exit_status::own_failure, "boot: cannot execute {}: {}", script, std::strerror(errno));
}

}  // namespace halcyon::cli
