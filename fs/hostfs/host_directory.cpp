#include "fs/hostfs/host_directory.h"

#include "fs/tree/special_node.h"

namespace halcyon::fs {

Result<hal::HostAttributes> HostDirectory::look_at(std::string_view name) {
  return host().on_host(*this, name, [](hal::HostFiles& files, std::string_view path) { return files.attributes(path); });
}

Result<Ref<Inode>> HostDirectory::lookup(std::string_view name) {
  if (is_synthetic_) return err::noent;
  hal::HostAttributes attributes = TRY(look_at(name));
  return host().node_for(attributes, Ref<HostDirectory>(*this), name);
}

// What was just made on the host, given to its owner if the host lets us.
Result<Ref<Inode>> HostDirectory::find_made(std::string_view name, uint32_t uid, uint32_t gid) {
  hal::HostAttributes attributes = TRY(look_at(name));
  if (attributes.uid != uid || attributes.gid != gid) {
    auto given = host().on_host(*this, name, [&](hal::HostFiles& files, std::string_view path) { return files.set_owner(path, uid, gid); });
    if (given) attributes = TRY(look_at(name));
  }
  static_cast<void>(refresh());
  return host().node_for(attributes, Ref<HostDirectory>(*this), name);
}

Result<Ref<Inode>> HostDirectory::create(std::string_view name, FileType type, uint32_t permissions, uint32_t uid, uint32_t gid, uint64_t) {
  if (is_synthetic_) return err::perm;
  auto made = host().on_host(*this, name, [&](hal::HostFiles& files, std::string_view path) -> Result<> {
    if (type == FileType::regular) return files.create_file(path, permissions);
    if (type == FileType::directory) return files.make_directory(path, permissions);
    if (type == FileType::fifo || type == FileType::socket) return files.make_special(path, static_cast<uint32_t>(type) | permissions);
    return err::perm;  // devices are not for a guest to make
  });
  if (!made) return std::unexpected(made.error());
  return find_made(name, uid, gid);
}

Result<Ref<Inode>> HostDirectory::symlink(std::string_view name, std::string_view target, uint32_t uid, uint32_t gid) {
  if (is_synthetic_) return err::perm;
  auto made = host().on_host(*this, name, [&](hal::HostFiles& files, std::string_view path) { return files.make_symlink(path, target); });
  if (!made) return std::unexpected(made.error());
  return find_made(name, uid, gid);
}

// What make_node made of which type.
HostObject& HostDirectory::object_of(Inode& child) {
  switch (child.type()) {
    case FileType::directory: return static_cast<HostDirectory&>(child);
    case FileType::regular: return static_cast<HostFile&>(child);
    case FileType::symlink: return static_cast<HostSymlink&>(child);
    case FileType::fifo: return static_cast<HostNode<FifoNode>&>(child);
    default: return static_cast<HostNode<SpecialNode>&>(child);
  }
}

Result<> HostDirectory::link(std::string_view name, Inode& target) {
  if (is_synthetic_) return err::perm;
  HostObject& source = object_of(target);
  if (source.is_gone()) return err::noent;
  auto made = host().on_host(source, {}, *this, name,
                             [](hal::HostFiles& files, std::string_view from, std::string_view to) { return files.link(from, to); });
  if (made) static_cast<void>(source.refresh());
  return made;
}

Result<> HostDirectory::prepare_loss(std::string_view name, Inode& child) {
  if (child.type() != FileType::regular || !host().is_writable() || !host().is_at(object_of(child), *this, name)) return {};
  auto held = static_cast<HostFile&>(child).hold();
  // What we may not open nobody reads or writes here.
  return held || held.error() == Errno::acces || held.error() == Errno::stale ? Result<>{} : held;
}

Result<> HostDirectory::unlink(std::string_view name, Inode& child) {
  TRY(prepare_loss(name, child));
  auto gone = host().on_host(*this, name, [](hal::HostFiles& files, std::string_view path) { return files.unlink(path); });
  if (!gone) return gone;
  host().take_name(object_of(child), *this, name);
  static_cast<Node&>(child).drop_link();
  static_cast<Node&>(child).touch_changed(file_system().now());
  static_cast<void>(refresh());
  return {};
}

Result<> HostDirectory::rmdir(std::string_view name, Inode& child) {
  auto gone = host().on_host(*this, name, [](hal::HostFiles& files, std::string_view path) { return files.remove_directory(path); });
  if (!gone) return gone;
  host().take_name(object_of(child), *this, name);
  static_cast<Node&>(child).drop_all_links();
  static_cast<void>(refresh());
  return {};
}

Result<> HostDirectory::rename(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode* replaced) {
  HostDirectory& target = static_cast<HostDirectory&>(to);
  if (target.is_synthetic_) return err::perm;
  NameText moved_name;
  TRY(moved_name.set(to_name));
  if (replaced) {
    TRY(target.prepare_loss(to_name, *replaced));
  }
  auto moved = host().on_host(*this, name, target, to_name, [](hal::HostFiles& files, std::string_view from, std::string_view where) {
    return files.rename(from, where, 0);
  });
  if (!moved) return moved;
  if (replaced) {
    host().take_name(object_of(*replaced), target, to_name);
    Node& loser = static_cast<Node&>(*replaced);
    loser.type() == FileType::directory ? loser.drop_all_links() : loser.drop_link();
  }
  host().move(object_of(child), Ref<HostDirectory>(target), moved_name);
  static_cast<void>(refresh());
  static_cast<void>(target.refresh());
  return {};
}

Result<> HostDirectory::exchange(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode& other) {
  HostDirectory& target = static_cast<HostDirectory&>(to);
  NameText one, two;
  TRY(one.set(to_name));
  TRY(two.set(name));
  auto swapped = host().on_host(*this, name, target, to_name, [](hal::HostFiles& files, std::string_view from, std::string_view where) {
    return files.rename(from, where, 2 /* RENAME_EXCHANGE */);
  });
  if (!swapped) return swapped;
  host().move(object_of(child), Ref<HostDirectory>(target), one);
  host().move(object_of(other), Ref<HostDirectory>(*this), two);
  static_cast<void>(refresh());
  static_cast<void>(target.refresh());
  return {};
}

}  // namespace halcyon::fs
