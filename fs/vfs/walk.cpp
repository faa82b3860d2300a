#include "fs/vfs/walk.h"

#include "core/base/lock_guard.h"
#include "fs/vfs/permission.h"

namespace halcyon::fs {

Result<Path> resolve(const Caller& caller, const Start& start, std::string_view path, uint32_t flags) {
  Path found = TRY(Walk(caller).finish(start, path, flags));
  if (found.is_empty()) return err::noent;
  return found;
}

// And goes as far as the cache leads.
Result<> Walk::begin(const Start& start, std::string_view path, bool keep_last) {
  if (path.size() >= path_max) return err::nametoolong;
  rest_ = path;
  auto descend_from = [&](const Path& place) {
    at_.mount = place.mount;
    Ref<Dentry> below = caller_.vfs().dentries().descend(*place.dentry, &rest_, keep_last, caller_.who);
    at_.dentry = below ? std::move(below) : place.dentry;
  };
  if (path.starts_with('/')) {
    caller_.context.with_root(descend_from);
  } else if (start.file) {
    const Path* place = start.file->location();
    if (!place || !place->dentry->is_directory()) return err::notdir;
    descend_from(*place);
  } else {
    caller_.context.with_working_directory(descend_from);
  }
  return {};
}

// Fetched only when it is needed: all CPUs count their references to it.
const Path& Walk::root() {
  if (root_.is_empty()) root_ = caller_.context.root();
  return root_;
}

Result<Path> Walk::finish(const Start& start, std::string_view path, uint32_t flags) {
  if (path.empty()) {
    if (!(flags & walk_flag::allow_empty)) return err::noent;
    if (!start.file) return caller_.context.working_directory();
    const Path* place = start.file->location();
    if (!place) return err::noent;
    if ((flags & walk_flag::directory) && !place->dentry->is_directory()) return err::notdir;
    return *place;
  }
  TRY(begin(start, path, false));
  TRY(advance());
  for (;;) {
    if (kind_ == LastKind::dot_dot) step_up();
    if (kind_ == LastKind::name) {
      Ref<Dentry> dentry = TRY(look_up());
      if (dentry->is_negative()) return err::noent;
      if (dentry->is_symlink() && ((flags & walk_flag::follow) || trailing_slash_)) {
        bool must_be_directory = trailing_slash_;
        bool jumped = TRY(follow(std::move(dentry)));
        if (!jumped) continue;
        trailing_slash_ = must_be_directory;
        if (at_.is_empty() && trailing_slash_) return err::notdir;
        if (at_.is_empty()) return Path();
      } else {
        at_ = enter(std::move(dentry));
      }
    }
    if (flags & walk_flag::into_mounts) at_ = enter(at_.dentry);
    if ((trailing_slash_ || (flags & walk_flag::directory)) && !at_.dentry->is_directory()) return err::notdir;
    return std::move(at_);
  }
}

Result<> Walk::to_parent(const Start& start, std::string_view path) {
  if (path.empty()) return err::noent;
  TRY(begin(start, path, true));
  return advance();
}

// Goes on until one component is left.
Result<> Walk::advance() {
  for (;;) {
    if (Ref<Dentry> below = caller_.vfs().dentries().descend(*at_.dentry, &rest_, true, caller_.who)) at_.dentry = std::move(below);
    std::string_view component;
    bool was_slash = rest_.starts_with('/');
    if (!next_component(&component)) {
      kind_ = LastKind::root;
      last_ = {};
      trailing_slash_ = was_slash;
      return {};
    }
    if (rest_.find_first_not_of('/') == std::string_view::npos) {
      last_ = component;
      trailing_slash_ = !rest_.empty();
      kind_ = component == "." ? LastKind::dot : component == ".." ? LastKind::dot_dot : LastKind::name;
      return check_searchable();
    }
    TRY(step(component));
  }
}

bool Walk::next_component(std::string_view* component) {
  size_t start = rest_.find_first_not_of('/');
  if (start == std::string_view::npos) {
    rest_ = {};
    return false;
  }
  size_t end = std::min(rest_.find('/', start), rest_.size());
  *component = rest_.substr(start, end - start);
  rest_ = rest_.substr(end);
  return true;
}

Result<> Walk::check_searchable() {
  if (!at_.dentry->is_directory()) return err::notdir;
  return check_access(caller_.who, *at_.inode(), may::execute);
}

Result<> Walk::step(std::string_view component) {
  TRY(check_searchable());
  if (component == ".") return {};
  if (component == "..") {
    step_up();
    return {};
  }
  last_ = component;
  Ref<Dentry> dentry = TRY(look_up());
  if (dentry->is_negative()) return err::noent;
  if (dentry->is_symlink()) {
    trailing_slash_ = false;
    bool has_jumped = TRY(read_link(std::move(dentry)));
    if (has_jumped && at_.is_empty()) return err::notdir;
  } else {
    at_ = enter(std::move(dentry));
  }
  return {};
}

// "..": not beyond the caller's root; from a mount's root to the parent of the place where it is mounted.
void Walk::step_up() {
  MountTable& mounts = caller_.vfs().mounts();
  for (;;) {
    if (at_ == root()) return;
    if (at_.dentry != at_.mount->root()) {
      if (Ref<Dentry> parent = caller_.vfs().dentries().parent(*at_.dentry)) at_ = enter(std::move(parent));
      return;
    }
    Path place = mounts.place_of(*at_.mount);
    if (place.is_empty()) return;
    at_ = std::move(place);
  }
}

Path Walk::enter(Ref<Dentry> dentry) {
  Path path{at_.mount, std::move(dentry)};
  while (path.dentry->is_mount_point()) {
    Ref<Mount> mount = caller_.vfs().mounts().find(*path.mount, *path.dentry);
    if (!mount) break;
    path.dentry = mount->root();
    path.mount = std::move(mount);
  }
  return path;
}

Result<Ref<Dentry>> Walk::look_up() {
  if (last_.size() > name_max) return err::nametoolong;
  if (at_.mount->file_system().caching() == FileSystem::Caching::all) {
    if (Ref<Dentry> known = caller_.vfs().dentries().find(*at_.dentry, last_)) return known;
  }
  if (is_generated()) {
    auto found = at_.inode()->lookup(last_);
    if (!found && found.error() != Errno::noent) return std::unexpected(found.error());
    return Dentry::create(at_.dentry, last_, found ? *std::move(found) : nullptr);
  }
  LockGuard guard(caller_.vfs().tree());
  return look_up_locked(true);
}

Result<Ref<Dentry>> Walk::look_up_locked(bool keep_negative) {
  if (last_.size() > name_max) return err::nametoolong;
  DentryCache& cache = caller_.vfs().dentries();
  FileSystem::Caching caching = at_.mount->file_system().caching();
  Ref<Dentry> known = cache.find(*at_.dentry, last_);
  if (known && caching == FileSystem::Caching::all) return known;
  auto found = at_.inode()->lookup(last_);
  if (!found && found.error() != Errno::noent) return std::unexpected(found.error());
  Ref<Inode> inode = found ? *std::move(found) : nullptr;
  if (known && known->inode() == inode.get()) return known;
  if (known) cache.remove(*known, true);  // others changed the tree
  if (!inode && !keep_negative) return Ref<Dentry>();
  bool keep = caching == FileSystem::Caching::all || (caching == FileSystem::Caching::existing && inode);
  Ref<Dentry> dentry = TRY(Dentry::create(at_.dentry, last_, std::move(inode)));
  if (!keep || at_.dentry->is_removed()) return dentry;
  return cache.insert(std::move(dentry));
}

Result<bool> Walk::follow(Ref<Dentry> link) {
  bool jumped = TRY(read_link(std::move(link)));
  if (jumped) return true;
  TRY(advance());
  return false;
}

// Puts the link's text before what is left of the path. True if it led straight to an object.
Result<bool> Walk::read_link(Ref<Dentry> link) {
  if (++links_ > symlink_max || (at_.mount->flags() & mount_flag::no_symfollow)) return err::loop;
  at_.mount->note_access(*link->inode());
  if (MagicLink* magic = link->inode()->magic_link()) {
    MagicLink::Target target = TRY(magic->follow());
    at_ = std::move(target.path);
    jumped_file_ = std::move(target.file);
    return true;
  }
  Vec<char> text;
  TRY(text.resize(path_max));
  KernelSink sink(std::as_writable_bytes(text.span()));
  TRY(link->inode()->read_link(sink));
  if (sink.done() == 0) return err::noent;
  if (sink.done() >= path_max) return err::nametoolong;
  std::string_view rest = rest_.empty() && trailing_slash_ ? "/" : rest_;
  TRY(text.resize(sink.done()));
  TRY(text.append({rest.data(), rest.size()}));
  text_ = std::move(text);
  rest_ = {text_.data(), text_.size()};
  if (rest_.starts_with('/')) at_ = root();
  return false;
}

}  // namespace halcyon::fs
