// Listings of host directories.
#include <algorithm>

#include "core/base/lock_guard.h"
#include "fs/hostfs/host_directory.h"

namespace halcyon::fs {

class HostDirectory::Reader final : public hal::HostEntryVisitor {
 public:
  explicit Reader(HostDirectory& directory) : directory_(directory) {}
  Result<> entry(std::string_view name, uint64_t inode, uint32_t type) override {
    if (name.size() > name_max) return {};
    Item item{static_cast<uint32_t>(directory_.names_.size()), static_cast<uint16_t>(name.size()), static_cast<uint16_t>(type), inode, 0};
    TRY(directory_.names_.append({name.data(), name.size()}));
    return directory_.items_.push(item);
  }

 private:
  HostDirectory& directory_;
};

Result<> HostDirectory::read_items() {
  Vec<char> names_before = std::exchange(names_, {});
  Vec<Item> before = std::exchange(items_, {});
  if (is_synthetic_) return {};
  Reader reader(*this);
  auto read = host().on_host(*this, {}, [&](hal::HostFiles& files, std::string_view path) { return files.list(path, reader); });
  if (read) read = find_types();
  if (!read) {
    names_ = std::move(names_before);
    items_ = std::move(before);
    return read;
  }
  auto by_name = [](const Vec<char>& names) {
    return [&names](const Item& a, const Item& b) { return name_of(a, names) < name_of(b, names); };
  };
  std::sort(items_.begin(), items_.end(), by_name(names_));
  std::sort(before.begin(), before.end(), by_name(names_before));
  number_items(before.span(), names_before);
  std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.position < b.position; });
  return {};
}

void HostDirectory::number_items(std::span<const Item> before, const Vec<char>& names_before) {
  if (before.empty()) next_position_ = 1;
  auto old = before.begin();
  for (Item& item : items_) {
    std::string_view name = name_of(item, names_);
    while (old != before.end() && name_of(*old, names_before) < name) ++old;
    bool was_here = old != before.end() && name_of(*old, names_before) == name;
    item.position = was_here ? old->position : next_position_++;
  }
}

// Some host file systems list names without types.
Result<> HostDirectory::find_types() {
  for (Item& item : items_) {
    if (item.type != 0) continue;
    auto attributes = look_at(name_of(item, names_));
    item.type = attributes ? static_cast<uint16_t>(attributes->mode & mode::type_mask) : static_cast<uint16_t>(FileType::regular);
  }
  return {};
}

void HostDirectory::drop_items() {
  names_ = Vec<char>();
  items_ = Vec<Item>();
}

Result<> HostDirectory::list(uint64_t* position, DirectoryVisitor& visitor) {
  LockGuard guard(lock_);
  if (*position >= end_position) return {};
  if (*position == 0 || listings_ == 0) {
    TRY(read_items());
    ++listings_;
  }
  auto first = std::lower_bound(items_.begin(), items_.end(), *position, [](const Item& item, uint64_t at) { return item.position < at; });
  for (auto item = first; item != items_.end(); ++item) {
    *position = item->position;
    HostIdentity* identity = TRY(host().identity_for({id().device, item->inode}));
    if (!visitor.entry(name_of(*item, names_), identity->number, static_cast<FileType>(item->type), item->position + 1)) return {};
    *position = item->position + 1;
  }
  *position = end_position;
  if (--listings_ == 0) drop_items();
  return {};
}

}  // namespace halcyon::fs
