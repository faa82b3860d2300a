// Lookups, creation and listings; removal and renaming are in rename.cpp.
#include "fs/tree/directory.h"

#include "core/base/lock_guard.h"
#include "fs/tree/file_node.h"
#include "fs/tree/special_node.h"

namespace halcyon::fs {

Result<Ref<Node>> TreeFileSystem::new_file(const NodeStart& start) { return make_ref<FileNode>(*this, start); }

Result<Ref<Node>> TreeFileSystem::new_node(FileType type, uint32_t permissions, uint32_t uid, uint32_t gid, uint64_t device) {
  NodeStart start{type, permissions, uid, gid, new_number()};
  switch (type) {
    case FileType::regular: return new_file(start);
    case FileType::directory: return make_ref<TreeDirectory>(*this, start);
    case FileType::fifo: return make_ref<FifoNode>(*this, start);
    case FileType::socket:
    case FileType::character_device:
    case FileType::block_device: return make_ref<SpecialNode>(*this, start, device);
    case FileType::none:
    case FileType::symlink: break;
  }
  return err::inval;
}

Result<Ref<Node>> TreeFileSystem::new_symlink(std::string_view target, uint32_t uid, uint32_t gid) {
  String text = TRY(String::copy(target));
  NodeStart start{FileType::symlink, 0777, uid, gid, new_number()};
  return make_ref<SymlinkNode>(*this, start, std::move(text));
}

Result<Ref<Inode>> TreeDirectory::lookup(std::string_view name) {
  {
    LockGuard guard(lock_);
    if (Entry* entry = entries_.find(name)) {
      if (!entry->inode) return err::noent;
      return entry->inode;
    }
  }
  if (below_) return below_->look_up_below(name);
  return err::noent;
}

Result<> TreeDirectory::add(std::string_view name, Ref<Inode> inode) {
  Own<Entry> entry = TRY(EntryTable::make(name, std::move(inode)));
  return add(std::move(entry));
}

Result<> TreeDirectory::add(Own<Entry> entry) {
  LockGuard guard(lock_);
  if (Entry* old = entries_.find({entry->name.view(), entry->name.hash()})) {
    if (old->inode) return err::exist;
    old->inode = std::move(entry->inode);
  } else {
    entries_.insert(std::move(entry));
  }
  entry_count_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

Result<Ref<Inode>> TreeDirectory::create(std::string_view name, FileType type, uint32_t permissions, uint32_t uid, uint32_t gid,
                                         uint64_t device) {
  TRY(prepare_change());
  Ref<Node> node = TRY(tree().new_node(type, permissions, uid, gid, device));
  TRY(node->charge());
  TRY(add(name, node));
  if (type == FileType::directory) add_link();
  touch_modified(file_system().now());
  return node;
}

Result<Ref<Inode>> TreeDirectory::symlink(std::string_view name, std::string_view target, uint32_t uid, uint32_t gid) {
  TRY(prepare_change());
  Ref<Node> node = TRY(tree().new_symlink(target, uid, gid));
  TRY(node->charge());
  TRY(add(name, node));
  touch_modified(file_system().now());
  return node;
}

Result<Ref<Inode>> TreeDirectory::create_unnamed(uint32_t permissions, uint32_t uid, uint32_t gid) {
  Ref<Node> node = TRY(tree().new_node(FileType::regular, permissions, uid, gid, 0));
  TRY(node->charge());
  node->drop_link();
  return node;
}

Result<> TreeDirectory::link(std::string_view name, Inode& target) {
  Node& node = static_cast<Node&>(target);
  TRY(prepare_change());
  TRY(node.prepare_change());
  Own<Entry> entry = TRY(EntryTable::make(name, Ref<Inode>(target)));
  if (node.links() != 0) {
    TRY(node.charge());
  }
  TRY(add(std::move(entry)));
  node.add_link();
  Nanoseconds now = file_system().now();
  node.touch_changed(now);
  touch_modified(now);
  return {};
}

// As Linux's tmpfs counts, with . and .. among the entries: an empty directory has a size too.
uint64_t TreeDirectory::own_size() {
  constexpr uint64_t entry_size = 20;
  return (entry_count_.load(std::memory_order_relaxed) + 2) * entry_size;
}

// Passes on what the entries above do not mention.
class TreeDirectory::Unmentioned final : public DirectoryVisitor {
 public:
  Unmentioned(EntryTable& entries, DirectoryVisitor* visitor) : entries_(entries), visitor_(visitor) {}
  bool entry(std::string_view name, uint64_t inode, FileType type, uint64_t next) override {
    if (entries_.find(name)) return true;
    if (!visitor_ || !visitor_->entry(name, inode, type, next)) stopped_ = true;
    return !stopped_;
  }
  bool stopped() const { return stopped_; }

 private:
  EntryTable& entries_;
  DirectoryVisitor* visitor_;  // null: the first one stops
  bool stopped_ = false;
};

Result<> TreeDirectory::list(uint64_t* position, DirectoryVisitor& visitor) {
  LockGuard guard(lock_);
  uint64_t part = below_ ? own_part : 0;
  if (below_ && *position < own_part) {
    Unmentioned filter(entries_, &visitor);
    if (auto listed = below_->list_below(position, filter); !listed || filter.stopped()) return listed;
    *position = own_part;
  }
  for (Entry* entry = entries_.at(*position - part); entry; entry = entries_.after(*entry)) {
    *position = entry->position + part;
    if (!entry->inode) continue;
    Node& node = static_cast<Node&>(*entry->inode);
    if (!visitor.entry(entry->name.view(), node.number(), node.type(), *position + 1)) return {};
    ++*position;
  }
  return {};
}

Result<bool> TreeDirectory::is_empty() {
  LockGuard guard(lock_);
  for (Entry* entry = entries_.at(0); entry; entry = entries_.after(*entry))
    if (entry->inode) return false;
  if (!below_) return true;
  Unmentioned filter(entries_, nullptr);
  uint64_t position = 0;
  TRY(below_->list_below(&position, filter));
  return !filter.stopped();
}

}  // namespace halcyon::fs
