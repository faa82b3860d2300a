#include "fs/hostfs/host_directory.h"

#include <algorithm>

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
  auto made = host().on_host(*this, name, [&](hal::HostFiles& files, std::string_view path) -> Result<> {
    if (type == FileType::regular) return files.create_file(path, permissions);
    if (type == FileType::directory) return files.make_directory(path, permissions);
    return err::perm;  // FIFOs, sockets and devices are the kernel's own
  });
  if (!made) return std::unexpected(made.error());
  return find_made(name, uid, gid);
}

Result<Ref<Inode>> HostDirectory::symlink(std::string_view name, std::string_view target, uint32_t uid, uint32_t gid) {
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
  HostObject& source = object_of(target);
  auto made = host().on_host(source, {}, *this, name,
                             [](hal::HostFiles& files, std::string_view from, std::string_view to) { return files.link(from, to); });
  if (made) static_cast<void>(source.refresh());
  return made;
}

Result<> HostDirectory::unlink(std::string_view name, Inode& child) {
  if (child.type() == FileType::regular) {
    auto held = static_cast<HostFile&>(child).hold();
    if (!held && held.error() != Errno::acces) return held;
  }
  auto gone = host().on_host(*this, name, [](hal::HostFiles& files, std::string_view path) { return files.unlink(path); });
  if (!gone) return gone;
  static_cast<Node&>(child).drop_link();
  return {};
}

Result<> HostDirectory::rmdir(std::string_view name, Inode&) {
  return host().on_host(*this, name, [](hal::HostFiles& files, std::string_view path) { return files.remove_directory(path); });
}

Result<> HostDirectory::rename(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode* replaced) {
  HostDirectory& target = static_cast<HostDirectory&>(to);
  NameText moved_name;
  if (auto named = moved_name.set(to_name); !named) return named;
  if (replaced && replaced->type() == FileType::regular) {
    auto held = static_cast<HostFile*>(replaced)->hold();
    if (!held && held.error() != Errno::acces) return held;
  }
  auto moved = host().on_host(*this, name, target, to_name, [](hal::HostFiles& files, std::string_view from, std::string_view where) {
    return files.rename(from, where, 0);
  });
  if (moved) host().move(object_of(child), Ref<HostDirectory>(target), moved_name);
  return moved;
}

Result<> HostDirectory::exchange(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode& other) {
  HostDirectory& target = static_cast<HostDirectory&>(to);
  NameText one, two;
  if (auto named = one.set(to_name); !named) return named;
  if (auto named = two.set(name); !named) return named;
  auto swapped = host().on_host(*this, name, target, to_name, [](hal::HostFiles& files, std::string_view from, std::string_view where) {
    return files.rename(from, where, 2 /* RENAME_EXCHANGE */);
  });
  if (!swapped) return swapped;
  host().move(object_of(child), Ref<HostDirectory>(target), one);
  host().move(object_of(other), Ref<HostDirectory>(*this), two);
  return {};
}

class HostDirectory::Reader final : public hal::HostEntryVisitor {
 public:
  explicit Reader(HostDirectory& directory) : directory_(directory) {}
  Result<> entry(std::string_view name, uint64_t inode, uint32_t type) override {
    if (name.size() > name_max) return {};
    Item item{static_cast<uint32_t>(directory_.names_.size()), static_cast<uint16_t>(name.size()), static_cast<uint16_t>(type), inode};
    if (auto added = directory_.names_.append({name.data(), name.size()}); !added) return added;
    return directory_.items_.push(item);
  }

 private:
  HostDirectory& directory_;
};

Result<> HostDirectory::read_items() {
  drop_items();
  if (!is_synthetic_) {
    Reader reader(*this);
    auto read = host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.list(path, reader); });
    if (read) read = find_types();
    if (!read) {
      drop_items();
      return read;
    }
    std::sort(items_.begin(), items_.end(), [this](const Item& a, const Item& b) { return name_of(a) < name_of(b); });
  }
  has_items_ = true;
  return {};
}

// Some host file systems list names without types.
Result<> HostDirectory::find_types() {
  for (Item& item : items_) {
    if (item.type != 0) continue;
    auto attributes = look_at(name_of(item));
    item.type = attributes ? static_cast<uint16_t>(attributes->mode & mode::type_mask) : static_cast<uint16_t>(FileType::regular);
  }
  return {};
}

void HostDirectory::drop_items() {
  names_ = Vec<char>();
  items_ = Vec<Item>();
  has_items_ = false;
}

Result<> HostDirectory::list(uint64_t* position, DirectoryVisitor& visitor) {
  std::lock_guard guard(lock_);
  if (*position >= end_position) return {};
  if (*position == 0 || !has_items_) {
    if (auto read = read_items(); !read) return read;
  }
  for (; *position < items_.size(); ++*position) {
    const Item& item = items_[*position];
    HostIdentity* identity = TRY(host().identity_for({id().device, item.inode}));
    uint64_t next = *position + 1 == items_.size() ? end_position : *position + 1;
    if (!visitor.entry(name_of(item), identity->number, static_cast<FileType>(item.type), next)) return {};
  }
  *position = end_position;
  drop_items();
  return {};
}

}  // namespace halcyon::fs
