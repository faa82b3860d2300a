// FixedFileSystem, FixedDirectory: a tree that is built when it is mounted and that no program can change (/sys, and what is fixed in
// /proc).
#pragma once

#include "fs/tree/directory.h"

namespace halcyon::fs {

class FixedFileSystem : public TreeFileSystem {
 public:
  using TreeFileSystem::TreeFileSystem;
  Result<Ref<Node>> new_node(FileType, uint32_t, uint32_t, uint32_t, uint64_t) override { return err::perm; }
  uint64_t new_number() override { return next_number_.fetch_add(1, std::memory_order_relaxed); }

  // The start of a node of root's with the next number.
  NodeStart start(FileType type, uint32_t permissions) { return {type, permissions, 0, 0, new_number()}; }

 private:
  std::atomic<uint64_t> next_number_ = 1;
};

// Names that are not there are ENOENT for whoever would create them, too.
class FixedDirectory : public TreeDirectory {
 public:
  using TreeDirectory::TreeDirectory;
  Result<Ref<Inode>> create(std::string_view, FileType, uint32_t, uint32_t, uint32_t, uint64_t) override { return err::noent; }
  Result<Ref<Inode>> symlink(std::string_view, std::string_view, uint32_t, uint32_t) override { return err::noent; }
  Result<Ref<Inode>> create_unnamed(uint32_t, uint32_t, uint32_t) override { return err::opnotsupp; }
  Result<> link(std::string_view, Inode&) override { return err::perm; }
  Result<> unlink(std::string_view, Inode&) override { return err::perm; }
  Result<> rmdir(std::string_view, Inode&) override { return err::perm; }
  Result<> rename(std::string_view, Inode&, Inode&, std::string_view, Inode*) override { return err::perm; }
  Result<> exchange(std::string_view, Inode&, Inode&, std::string_view, Inode&) override { return err::perm; }
  uint64_t own_size() override { return 0; }

  // Adds a directory; its parent's link count grows by it. ENOMEM.
  Result<Ref<FixedDirectory>> add_directory(FixedFileSystem& file_system, std::string_view name, uint32_t permissions = 0555) {
    Ref<FixedDirectory> made = TRY(make_ref<FixedDirectory>(file_system, file_system.start(FileType::directory, permissions)));
    TRY(add(name, made));
    add_link();
    return made;
  }
};

}  // namespace halcyon::fs
