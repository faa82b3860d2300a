// The guest's tree of files inside the kernel: the root by its kind, and on it what --bind names. A host directory is read where it is, and
// covered by a layer in memory that takes all writes; only a bound one with :rw is written through.
#include "cli/failure.h"
#include "cli/root/unpack.h"
#include "cli/session.h"
#include "fs/calls/names.h"
#include "fs/hostfs/host_file_system.h"
#include "fs/overlay/overlay_file_system.h"
#include "syscalls/boot.h"

namespace halcyon::cli {
namespace {

template <class T>
T require_at(Result<T> outcome, std::string_view option, std::string_view place) {
  if (!outcome && outcome.error() == Errno::opnotsupp)
    fail(exit_status::own_failure, "{}: {} belongs to the host's kernel, and the guest has a kernel of its own", option, place);
  if (!outcome) fail(exit_status::own_failure, "{}: cannot show {}: {}", option, place, errno_text(outcome.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(outcome);
}

Ref<fs::FileSystem> host_tree(fs::Vfs& vfs, const std::string& path, bool is_writable, std::string_view option) {
  auto files = require_at(hal::open_host_files(path, is_writable), option, path);
  auto host = require_at(fs::HostFileSystem::create(vfs, std::move(files), is_writable), option, path);
  if (is_writable) return host;
  return require_at(fs::OverlayFileSystem::create(vfs, std::move(host)), option, path);
}

Ref<fs::FileSystem> make_root(fs::Vfs& vfs, GuestTree& tree) {
  switch (tree.kind()) {
    case GuestTree::Kind::host:
    case GuestTree::Kind::directory: return host_tree(vfs, tree.directory(), false, "--root");
    case GuestTree::Kind::archive:
    case GuestTree::Kind::none: break;
  }
  return require_at(vfs.make("tmpfs", "mode=755"), "--root", "the guest's root");
}

// A place to mount on is made above the host's tree, never in it.
void check_may_make(const fs::Caller& caller, const Bind& bind, std::string_view path) {
  std::string_view above = path.substr(0, std::max<size_t>(path.rfind('/'), 1));
  fs::Path parent = require_at(fs::resolve(caller, {}, above, fs::walk_flag::follow), "--bind", bind.guest);
  if (parent.mount->file_system().magic() != fs::hostfs_magic) return;
  fail(exit_status::own_failure, "--bind: {} is not there, and what is around it is the host's own: make it first", path);
}

// The place to mount on, made together with the directories above it where it is missing.
fs::Path mount_point(const fs::Caller& caller, const Bind& bind, bool is_directory) {
  for (size_t slash = bind.guest.find('/', 1);; slash = bind.guest.find('/', slash + 1)) {
    std::string_view path = std::string_view(bind.guest).substr(0, slash);
    bool is_last = slash == std::string::npos;
    auto found = fs::resolve(caller, {}, path, fs::walk_flag::follow);
    if (!found && found.error() == Errno::noent) {
      check_may_make(caller, bind, path);
      require_at(!is_last || is_directory ? fs::mkdir(caller, {}, path, 0755) : fs::mknod(caller, {}, path, 0644, 0), "--bind", bind.guest);
      found = fs::resolve(caller, {}, path, fs::walk_flag::follow);
    }
    if (is_last || !found) return require_at(std::move(found), "--bind", bind.guest);
  }
}

void mount_bound(System& system, const Bind& bind) {
  Ref<fs::FileSystem> file_system = host_tree(system.vfs(), bind.host, bind.is_writable, "--bind");
  fs::Path place = mount_point(system.caller(), bind, bind.is_directory);
  require_at(system.vfs().mount(std::move(file_system), place, bind.host, 0), "--bind", bind.guest);
}

}  // namespace

void mount_guest_root(System& system, GuestTree& tree) {
  bool is_hosts = tree.kind() == GuestTree::Kind::host || tree.kind() == GuestTree::Kind::directory;
  std::string_view source = is_hosts ? std::string_view(tree.directory()) : "rootfs";
  require_at(system.mount_root(make_root(system.vfs(), tree), source), "--root", source);
  if (tree.kind() == GuestTree::Kind::archive) unpack(*tree.archive(), system.caller());
}

void mount_binds(System& system, const GuestTree& tree) {
  for (const Bind& bind : tree.binds()) mount_bound(system, bind);
}

}  // namespace halcyon::cli
