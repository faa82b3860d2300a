// Names that go and names that move. Whatever can fail is done before the first change.
#include "core/base/lock_guard.h"
#include "fs/tree/directory.h"

namespace halcyon::fs {

Result<bool> TreeDirectory::is_below(std::string_view name) {
  if (!below_) return false;
  auto found = below_->look_up_below(name);
  if (found) return true;
  if (found.error() == Errno::noent) return false;
  return std::unexpected(found.error());
}

// The whiteout that is needed when `name` goes; null if none is.
Result<Own<Entry>> TreeDirectory::prepare_take_out(std::string_view name) {
  bool below = TRY(is_below(name));
  if (!below) return Own<Entry>();
  return EntryTable::make(name, nullptr);
}

void TreeDirectory::commit_take_out(std::string_view name, Own<Entry> whiteout) {
  Own<Entry> gone;
  Ref<Inode> inode;
  LockGuard guard(lock_);
  Entry* entry = entries_.find(name);
  if (entry && whiteout) inode = std::move(entry->inode);
  else if (entry) gone = entries_.remove(*entry);
  else if (whiteout) entries_.insert(std::move(whiteout));
  if (entry) entry_count_.fetch_sub(1, std::memory_order_relaxed);
}

Result<> TreeDirectory::take_out(std::string_view name) {
  Own<Entry> whiteout = TRY(prepare_take_out(name));
  commit_take_out(name, std::move(whiteout));
  return {};
}

Result<> TreeDirectory::unlink(std::string_view name, Inode& child) {
  Node& node = static_cast<Node&>(child);
  TRY(prepare_change());
  TRY(node.prepare_change());
  TRY(take_out(name));
  Nanoseconds now = file_system().now();
  node.touch_changed(now);
  node.drop_link();
  touch_modified(now);
  return {};
}

Result<> TreeDirectory::rmdir(std::string_view name, Inode& child) {
  TreeDirectory& directory = static_cast<TreeDirectory&>(child);
  TRY(prepare_change());
  TRY(directory.prepare_change());
  bool empty = TRY(directory.is_empty());
  if (!empty) return err::notempty;
  TRY(take_out(name));
  directory.drop_all_links();
  drop_link();
  touch_modified(file_system().now());
  return {};
}

// Gives the name to `inode`, whoever had it.
void TreeDirectory::put(std::string_view name, Ref<Inode> inode, Own<Entry> fresh) {
  LockGuard guard(lock_);
  Entry* entry = entries_.find(name);
  if (!entry || !entry->inode) entry_count_.fetch_add(1, std::memory_order_relaxed);
  if (entry) {
    std::swap(entry->inode, inode);
    return;
  }
  fresh->inode = std::move(inode);
  entries_.insert(std::move(fresh));
}

Result<> TreeDirectory::rename(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode* replaced) {
  TreeDirectory& target = static_cast<TreeDirectory&>(to);
  Node& node = static_cast<Node&>(child);
  Node* loser = static_cast<Node*>(replaced);
  for (Node* changed : {static_cast<Node*>(this), static_cast<Node*>(&target), &node, loser})
    if (changed) TRY(changed->prepare_change());
  bool is_directory = node.type() == FileType::directory;
  if (loser && is_directory) {
    bool empty = TRY(static_cast<TreeDirectory*>(loser)->is_empty());
    if (!empty) return err::notempty;
  }
  Own<Entry> fresh = TRY(EntryTable::make(to_name, nullptr));
  Own<Entry> whiteout = TRY(prepare_take_out(name));
  Ref<Inode> keep_loser = loser ? Ref<Inode>(*loser) : nullptr;
  target.put(to_name, Ref<Inode>(child), std::move(fresh));
  commit_take_out(name, std::move(whiteout));
  if (loser && is_directory) {
    loser->drop_all_links();
    target.drop_link();
  } else if (loser) {
    loser->drop_link();
  }
  if (is_directory && &target != this) {
    drop_link();
    target.add_link();
  }
  Nanoseconds now = file_system().now();
  if (loser) loser->touch_changed(now);
  node.touch_changed(now);
  touch_modified(now);
  target.touch_modified(now);
  return {};
}

Result<> TreeDirectory::exchange(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode& other) {
  TreeDirectory& target = static_cast<TreeDirectory&>(to);
  Node& one = static_cast<Node&>(child);
  Node& two = static_cast<Node&>(other);
  for (Node* changed : {static_cast<Node*>(this), static_cast<Node*>(&target), &one, &two}) TRY(changed->prepare_change());
  Own<Entry> fresh_one = TRY(EntryTable::make(name, nullptr));
  Own<Entry> fresh_two = TRY(EntryTable::make(to_name, nullptr));
  Ref<Inode> keep_one(child), keep_two(other);
  put(name, keep_two, std::move(fresh_one));
  target.put(to_name, keep_one, std::move(fresh_two));
  bool one_is_directory = one.type() == FileType::directory;
  bool two_is_directory = two.type() == FileType::directory;
  if (one_is_directory && !two_is_directory) drop_link(), target.add_link();
  if (two_is_directory && !one_is_directory) target.drop_link(), add_link();
  Nanoseconds now = file_system().now();
  one.touch_changed(now);
  two.touch_changed(now);
  touch_modified(now);
  target.touch_modified(now);
  return {};
}

}  // namespace halcyon::fs
