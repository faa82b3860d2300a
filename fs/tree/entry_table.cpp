#include "fs/tree/entry_table.h"

namespace halcyon::fs {

EntryTable::~EntryTable() {
  while (!by_position_.empty()) remove(*by_position_.begin());
}

Entry* EntryTable::find(const Name& name) {
  auto found = by_name_.find(name, NameLess());
  return found == by_name_.end() ? nullptr : &*found;
}

Result<Own<Entry>> EntryTable::make(const Name& name, Ref<Inode> inode) {
  Own<Entry> entry = TRY(halcyon::make<Entry>());
  if (auto named = entry->name.set(name); !named) return std::unexpected(named.error());
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
