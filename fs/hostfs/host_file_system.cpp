#include "fs/hostfs/host_file_system.h"

#include "core/base/lock_guard.h"
#include "core/mm/cache/page_cache.h"
#include "fs/hostfs/host_directory.h"
#include "fs/tree/special_node.h"

namespace halcyon::fs {

HostFileSystem::HostFileSystem(Vfs& vfs, std::unique_ptr<hal::HostFiles> files, bool is_writable)
    : FileSystem(vfs, "hostfs", hostfs_magic, is_writable ? Caching::existing : Caching::all),
      files_(std::move(files)),
      is_writable_(is_writable) {}

HostFileSystem::~HostFileSystem() {
  table_.clear_and_dispose([](HostIdentity* identity) { Own<HostIdentity> gone(identity); });
}

Result<Ref<HostFileSystem>> HostFileSystem::create(Vfs& vfs, std::unique_ptr<hal::HostFiles> files, bool is_writable) {
  return make_ref<HostFileSystem>(vfs, std::move(files), is_writable);
}

Result<Ref<Inode>> HostFileSystem::make_root() {
  hal::HostAttributes attributes = TRY(files_->attributes({}));
  if (attributes.is_synthetic) return err::opnotsupp;  // the host kernel's own is never read through
  return node_for(attributes, nullptr, {});
}

Result<FileSystemStatistics> HostFileSystem::statistics() {
  FileSystemStatistics statistics = TRY(FileSystem::statistics());
  LockGuard guard(host_lock_);
  hal::HostSpace space = TRY(files_->space());
  statistics.block_size = space.block_size;
  statistics.blocks = space.blocks;
  statistics.blocks_free = space.blocks_free;
  statistics.blocks_available = space.blocks_available;
  statistics.files = space.files;
  statistics.files_free = space.files_free;
  return statistics;
}

Ref<Inode> HostFileSystem::next_in_use(Key* after) {
  LockGuard guard(table_lock_);
  for (auto at = table_.upper_bound(*after); at != table_.end(); ++at) {
    if (!at->node || !at->node->retain_if_alive()) continue;
    *after = KeyOf()(*at);
    return Ref<Inode>::adopt(at->node);
  }
  return nullptr;
}

Result<> HostFileSystem::sync() {
  if (!is_writable_) return {};
  Result<> result;
  Key last{};
  while (Ref<Inode> node = next_in_use(&last)) {
    PageCache* cache = node->page_cache();
    if (!cache || !cache->is_dirty()) continue;
    auto written = cache->write_back();
    if (result) result = written;
  }
  LockGuard guard(host_lock_);
  auto kept = files_->sync_all();
  return result ? kept : result;
}

// An inode number that the host has given to something else since leads to nothing here, and its old owner leaves the table.
HostIdentity* HostFileSystem::find_locked(const hal::HostId& id) {
  auto found = table_.find(Key{id.device, id.inode});
  if (found == table_.end()) return nullptr;
  HostIdentity& identity = *found;
  if (identity.id.born == 0) identity.id.born = id.born;
  if (id.born == 0 || identity.id.born == id.born) return &identity;
  table_.erase(found);
  identity.is_retired = true;
  if (!identity.node) Own<HostIdentity> unused(&identity);
  return nullptr;
}

Result<HostIdentity*> HostFileSystem::identity_for(const hal::HostId& id) {
  {
    LockGuard guard(table_lock_);
    if (HostIdentity* known = find_locked(id)) return known;
  }
  Own<HostIdentity> fresh = TRY(make<HostIdentity>());
  fresh->id = id;
  LockGuard guard(table_lock_);
  if (HostIdentity* known = find_locked(id)) return known;
  fresh->number = next_number_++;
  table_.insert(*fresh);
  return fresh.release();
}

Result<Ref<Inode>> HostFileSystem::make_node(const hal::HostAttributes& attributes, HostIdentity& identity) {
  Attributes known = to_attributes(attributes);
  NodeStart start{known.type, known.permissions, known.uid, known.gid, identity.number};
  auto finish = [&](auto node) -> Result<Ref<Inode>> {
    if (!node) return std::unexpected(node.error());
    LockGuard guard(table_lock_);
    identity.node = node->get();
    identity.object = node->get();
    return *std::move(node);
  };
  switch (known.type) {
    case FileType::directory: return finish(make_ref<HostDirectory>(*this, identity, start, attributes.is_synthetic));
    case FileType::regular: return finish(make_ref<HostFile>(*this, identity, start, attributes));
    case FileType::symlink: return finish(make_ref<HostSymlink>(*this, identity, start));
    case FileType::fifo: return finish(make_ref<HostNode<FifoNode>>(*this, identity, start));
    default: return finish(make_ref<HostNode<SpecialNode>>(*this, identity, start, attributes.special_device));
  }
}

// Under Vfs::tree, so nobody makes the same node meanwhile; an old one may be on its way out, though, and is replaced.
Result<Ref<Inode>> HostFileSystem::node_for(const hal::HostAttributes& attributes, Ref<HostDirectory> parent, std::string_view name) {
  HostIdentity* identity = TRY(identity_for(attributes.id));
  NameText place;
  TRY(place.set(name));
  Ref<Inode> node;
  HostObject* object = nullptr;
  {
    LockGuard guard(table_lock_);
    FileType type = to_attributes(attributes).type;
    if (identity->node && identity->node->type() == type && identity->node->retain_if_alive()) {
      node = Ref<Inode>::adopt(identity->node);
      object = identity->object;
    }
  }
  if (!node) {
    node = TRY(make_node(attributes, *identity));
    LockGuard guard(table_lock_);
    object = identity->object;
  }
  move(*object, std::move(parent), place);
  object->take(attributes);
  return node;
}

void HostFileSystem::forget(HostIdentity& identity, const Node& node) {
  Own<HostIdentity> retired;
  LockGuard guard(table_lock_);
  if (identity.node != &node) return;
  identity.node = nullptr;
  identity.object = nullptr;
  if (identity.is_retired) retired.reset(&identity);
}

// The old parent goes with the parameter, after the lock.
void HostFileSystem::move(HostObject& object, Ref<HostDirectory> parent, NameText& name) {
  LockGuard guard(host_lock_);
  std::swap(object.parent_, parent);
  object.name_.swap(name);
  object.is_gone_ = false;
}

bool HostFileSystem::is_at(const HostObject& object, const HostDirectory& parent, std::string_view name) {
  LockGuard guard(host_lock_);
  return !object.is_gone_ && object.parent_.get() == &parent && object.name_.view() == name;
}

void HostFileSystem::take_name(HostObject& object, const HostDirectory& parent, std::string_view name) {
  if (!is_at(object, parent, name)) return;
  LockGuard guard(host_lock_);
  object.is_gone_ = true;
}

bool HostFileSystem::is_gone(const HostObject& object) {
  LockGuard guard(host_lock_);
  return object.is_gone_;
}

Result<std::string_view> HostFileSystem::path_of(const HostObject& object, std::string_view child, PathBuffer& buffer) {
  size_t start = buffer.size();
  auto prepend = [&](std::string_view text) {
    size_t needed = text.size() + (start == buffer.size() ? 0 : 1);
    if (needed > start) return false;
    if (start != buffer.size()) buffer[--start] = '/';
    start -= text.size();
    std::memcpy(buffer.data() + start, text.data(), text.size());
    return true;
  };
  if (!child.empty() && !prepend(child)) return err::nametoolong;
  for (const HostObject* at = &object; at->parent_; at = at->parent_.get())
    if (!prepend(at->name_.view())) return err::nametoolong;
  return std::string_view(buffer.data() + start, buffer.size() - start);
}

}  // namespace halcyon::fs
