// The root file system by kind: the host's directory read through, with writes in memory; or a file system in memory, filled from an archive or empty.
#include "cli/root/mounts.h"

#include "cli/failure.h"
#include "cli/root/unpack.h"
#include "fs/calls/names.h"
#include "fs/ramfs/ram_file_system.h"

namespace halcyon::cli {
namespace {

template <class T>
T require(Result<T> result, std::string_view what) {
  if (!result) fail(exit_status::own_failure, "{}: {}", what, errno_name(result.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void mount_memory_root(System& system, GuestTree& tree) {
  Ref<fs::FileSystem> root = require(fs::RamFileSystem::create(system.vfs()), "--root");
  require(system.mount_root(std::move(root), "rootfs"), "--root");
  if (tree.kind() == GuestTree::Kind::archive) unpack(*tree.archive(), system.caller(), "archive");
}

}  // namespace

void mount_guest(System& system, GuestTree& tree) {
  if (tree.kind() == GuestTree::Kind::host || tree.kind() == GuestTree::Kind::directory) {
    fail(exit_status::own_failure, "--root: this build cannot read host directories");
  }
  mount_memory_root(system, tree);
}

}  // namespace halcyon::cli
