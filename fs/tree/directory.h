// TreeDirectory: a directory whose entries are in memory, if it has one on top of a directory of another layer that never changes: what the
// entries do not mention is looked up there, and whiteouts hide what was removed.
//
// Lock: lock_ (rank inode, a mutex) protects the entries against listings, which visit with it held and may touch user memory. Lookups and
// changes come under Vfs::tree and so exclude each other.
#pragma once

#include "core/sync/mutex.h"
#include "fs/tree/entry_table.h"
#include "fs/tree/node.h"
#include "fs/tree/space.h"

namespace halcyon::fs {

// A file system of such directories: it makes the objects that appear in them.
class TreeFileSystem : public FileSystem {
 public:
  using FileSystem::FileSystem;
  // A directory, regular file, device, FIFO or socket. ENOMEM, ENOSPC.
  virtual Result<Ref<Node>> new_node(FileType type, uint32_t permissions, uint32_t uid, uint32_t gid, uint64_t device);
  virtual Result<Ref<Node>> new_symlink(std::string_view target, uint32_t uid, uint32_t gid);
  virtual uint64_t new_number() = 0;
  Space* space() override { return &space_; }
  // What these trees hold is in memory, or made when it is read: there is nothing to write it to.
  Result<> sync() override { return {}; }

 protected:
  // new_node's for a regular file.
  virtual Result<Ref<Node>> new_file(const NodeStart& start);

 private:
  Space space_;
};

// The layer below a directory.
class LayerBelow {
 public:
  virtual Result<Ref<Inode>> look_up_below(std::string_view name) = 0;
  virtual Result<> list_below(uint64_t* position, DirectoryVisitor& visitor) = 0;

 protected:
  ~LayerBelow() = default;
};

class TreeDirectory : public Node {
 public:
  TreeDirectory(TreeFileSystem& file_system, const NodeStart& start, LayerBelow* below = nullptr)
      : Node(file_system, start), below_(below) {}

  Result<Ref<Inode>> lookup(std::string_view name) override;
  Result<Ref<Inode>> create(std::string_view name, FileType type, uint32_t permissions, uint32_t uid, uint32_t gid,
                            uint64_t device) override;
  Result<Ref<Inode>> symlink(std::string_view name, std::string_view target, uint32_t uid, uint32_t gid) override;
  Result<Ref<Inode>> create_unnamed(uint32_t permissions, uint32_t uid, uint32_t gid) override;
  Result<> link(std::string_view name, Inode& target) override;
  Result<> unlink(std::string_view name, Inode& child) override;
  Result<> rmdir(std::string_view name, Inode& child) override;
  Result<> rename(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode* replaced) override;
  Result<> exchange(std::string_view name, Inode& child, Inode& to, std::string_view to_name, Inode& other) override;
  Result<> list(uint64_t* position, DirectoryVisitor& visitor) override;

  // Puts an existing object under a name: for file systems that build their tree themselves. EEXIST, ENOMEM.
  Result<> add(std::string_view name, Ref<Inode> inode);
  Result<> add(Own<Entry> entry);
  EntryTable* entry_table() override { return &entries_; }

 protected:
  uint64_t own_size() override;

 private:
  static constexpr uint64_t own_part = uint64_t{1} << 62;  // positions of own entries, where there is a layer below
  class Unmentioned;
  TreeFileSystem& tree() { return static_cast<TreeFileSystem&>(file_system()); }
  Result<bool> is_below(std::string_view name);
  Result<bool> is_empty();
  void put(std::string_view name, Ref<Inode> inode, Own<Entry> fresh);
  Result<> take_out(std::string_view name);
  Result<Own<Entry>> prepare_take_out(std::string_view name);
  void commit_take_out(std::string_view name, Own<Entry> whiteout);

  LayerBelow* const below_;
  Mutex lock_{Rank::inode};
  EntryTable entries_;  // under lock_
  std::atomic<uint64_t> entry_count_ = 0;
};

}  // namespace halcyon::fs
