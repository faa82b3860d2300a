#include "fs/tree/entry_table.h"

#include "fs/tree/node.h"

namespace halcyon::fs {

// A deep tree goes one directory after the other, not by recursion: what is in a directory that goes with this table is taken over first.
EntryTable::~EntryTable() {
  by_name_.clear();
  while (!by_position_.empty()) {
    Own<Entry> entry(&*by_position_.begin());
    by_position_.erase(by_position_.begin());
    Ref<Inode> inode = std::move(entry->inode);
    if (!inode || inode->reference_count() != 1) continue;
    if (EntryTable* below = static_cast<Node&>(*inode).entry_table()) take_over(*below);
  }
}

void EntryTable::take_over(EntryTable& other) {
  other.by_name_.clear();
  while (!other.by_position_.empty()) {
    Entry& entry = *other.by_position_.begin();
    other.by_position_.erase(other.by_position_.begin());
    entry.position = next_position_++;
    by_position_.insert(by_position_.end(), entry);
  }
}

Entry* EntryTable::find(const Name& name) {
  auto found = by_name_.find(name, NameLess());
  return found == by_name_.end() ? nullptr : &*found;
}

Result<Own<Entry>> EntryTable::make(const Name& name, Ref<Inode> inode) {
  Own<Entry> entry = TRY(halcyon::make<Entry>());
  TRY(entry->name.set(name));
  entry->inode = std::move(inode);
  return entry;
}

void EntryTable::insert(Own<Entry> entry) {
  entry->position = next_position_++;
  by_position_.insert(by_position_.end(), *entry);
  bool is_new = by_name_.insert(*entry).second;
  ASSERT(is_new);
  static_cast<void>(entry.release());
}

Own<Entry> EntryTable::remove(Entry& entry) {
  by_name_.erase(by_name_.iterator_to(entry));
  by_position_.erase(by_position_.iterator_to(entry));
  return Own<Entry>(&entry);
}

Entry* EntryTable::at(uint64_t position) {
  auto found = by_position_.lower_bound(position);
  return found == by_position_.end() ? nullptr : &*found;
}

Entry* EntryTable::after(Entry& entry) {
  auto next = std::next(by_position_.iterator_to(entry));
  return next == by_position_.end() ? nullptr : &*next;
}

}  // namespace halcyon::fs
