// The text of a path is built from its end, from dentry to parent and from mount to mount.
#include "fs/vfs/path.h"

#include <cstring>

#include "fs/vfs/vfs.h"

namespace halcyon::fs {

namespace {

// Goes one name up, or onto the place of the mount whose root was reached. False at the root of everything and of detached mounts.
bool go_up(Path* at, Vfs& vfs) {
  if (at->dentry != at->mount->root()) {
    Ref<Dentry> parent = vfs.dentries().parent(*at->dentry);
    if (!parent) return false;
    at->dentry = std::move(parent);
    return true;
  }
  Path place = vfs.mounts().place_of(*at->mount);
  if (place.is_empty()) return false;
  *at = std::move(place);
  return true;
}

// Text that grows towards its front.
class BackwardText {
 public:
  Result<> initialize() { return text_.resize(path_max); }
  bool prepend(std::string_view piece) {
    if (piece.size() > start_) return false;
    start_ -= piece.size();
    std::memcpy(text_.data() + start_, piece.data(), piece.size());
    return true;
  }
  std::string_view view() const { return {text_.data() + start_, path_max - start_}; }

 private:
  Vec<char> text_;
  size_t start_ = path_max;
};

Result<> write(Writer& out, const Path& path, const Path* root) {
  Vfs& vfs = path.mount->file_system().vfs();
  BackwardText text;
  TRY(text.initialize());
  bool fits = true;
  bool reached = false;
  Path at = path;
  for (;;) {
    reached = root && at == *root;
    if (reached) break;
    if (at.dentry != at.mount->root())
      vfs.dentries().with_name(*at.dentry,
                               [&](std::string_view name, const Dentry*) { fits = fits && text.prepend(name) && text.prepend("/"); });
    if (!fits) return err::nametoolong;
    if (!go_up(&at, vfs)) break;
  }
  bool is_reachable = root ? reached : at.mount->root() == at.dentry && vfs.mounts().is_attached(*at.mount);
  if (text.view().empty() && !text.prepend("/")) return err::nametoolong;
  bool was_never_attached = path.mount->id() == 0;  // files in memory
  if (!is_reachable && !was_never_attached) out.write("(unreachable)");
  out.write(text.view());
  if (path.dentry->is_removed()) out.write(" (deleted)");
  return {};
}

}  // namespace

Result<> write_path(Writer& out, const Path& path, const Path& root) { return write(out, path, &root); }
Result<> write_path(Writer& out, const Path& path) { return write(out, path, nullptr); }

bool is_below(const Path& path, const Path& root) {
  Vfs& vfs = path.mount->file_system().vfs();
  Path at = path;
  while (at != root)
    if (!go_up(&at, vfs)) return false;
  return true;
}

void Place::describe(Writer& out) const {
  if (!write_path(out, path_)) out.write("?");
}

}  // namespace halcyon::fs
