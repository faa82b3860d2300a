// HostDirectory: a directory of the host. The first listing reads all names at once and numbers them in sorted order; a listing that begins
// while others go on reads again, and what was there before keeps its number, so that positions stay right while entries come and go. The
// names are dropped when the last listing comes to its end.
//
// Lock: lock_ (rank inode, a mutex) protects the listing; visitors run with it held.
#pragma once

#include "fs/hostfs/host_node.h"

namespace halcyon::fs {

class HostDirectory final : public HostNode<Node> {
 public:
  HostDirectory(HostFileSystem& host_system, HostIdentity& host_identity, const NodeStart& start, bool is_synthetic)
      : HostNode<Node>(host_system, host_identity, start), is_synthetic_(is_synthetic) {}

  Result<Ref<Inode>> lookup(std::string_view name) override;
  Result<Ref<Inode>> create(std::string_view name, FileType type, uint32_t permissions, uint32_t uid, uint32_t gid,
                            uint64_t device) override;
  Result<Ref<Inode>> symlink(std::string_view name, std::string_view target, uint32_t uid, uint32_t gid) override;
  Result<> link(std::string_view name, Inode& target) override;
  Result<> unlink(std::string_view name, Inode& child) override;
  Result<> rmdir(std::string_view name, Inode& child) override;
  Result<> rename(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode* replaced) override;
  Result<> exchange(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode& other) override;
  Result<> list(uint64_t* position, DirectoryVisitor& visitor) override;

 private:
  struct Item {
    uint32_t name;  // where it starts in names_
    uint16_t length;
    uint16_t type;   // FileType
    uint64_t inode;  // the host's
    uint64_t position;
  };
  class Reader;
  static constexpr uint64_t end_position = uint64_t{1} << 61;
  Result<> read_items();
  Result<> find_types();
  // Gives the items, sorted by name, their positions: those of `before` where the names are the same.
  void number_items(std::span<const Item> before, const Vec<char>& names_before);
  static std::string_view name_of(const Item& item, const Vec<char>& names) { return {names.data() + item.name, item.length}; }
  Result<hal::HostAttributes> look_at(std::string_view name);
  Result<Ref<Inode>> find_made(std::string_view name, uint32_t uid, uint32_t gid);
  static HostObject& object_of(Inode& child);
  // Before the name of `child` here goes.
  Result<> prepare_loss(std::string_view name, Inode& child);
  void drop_items();

  const bool is_synthetic_;
  Mutex lock_{Rank::inode};
  Vec<char> names_;  // under lock_, as the next two
  Vec<Item> items_;  // in the order of their positions
  uint64_t next_position_ = 1;
  unsigned listings_ = 0;  // that have begun and not come to their end
};

}  // namespace halcyon::fs
