#include "fs/vfs/context.h"

namespace halcyon::fs {

Context::Context(Vfs& vfs, Path root, Path working_directory, uint32_t umask)
    : vfs_(vfs), places_(Rank::fs_context, std::move(root), std::move(working_directory)), umask_(umask) {}

Result<Ref<FsContext>> Context::copy() {
  Places places = places_.with([](const Places& own) { return own; });
  return make_ref<Context>(vfs_, std::move(places.root), std::move(places.working_directory), umask());
}

Path Context::root() const {
  return places_.with([](const Places& places) { return places.root; });
}

Path Context::working_directory() const {
  return places_.with([](const Places& places) { return places.working_directory; });
}

// The old place goes with the parameter, without the lock.
void Context::set_root(Path root) {
  places_.with([&](Places& places) { std::swap(places.root, root); });
}

void Context::set_working_directory(Path path) {
  places_.with([&](Places& places) { std::swap(places.working_directory, path); });
}

}  // namespace halcyon::fs
