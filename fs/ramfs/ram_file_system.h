// RamFileSystem: files that live in memory only (tmpfs(5)). A regular file is its page cache; directories are TreeDirectory. With a size
// limit, files are charged for the pages that their length spans, holes included.
#pragma once

#include "fs/tree/directory.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

inline constexpr uint64_t tmpfs_magic = 0x01021994;

struct RamOptions {
  uint64_t size_limit = 0;  // in bytes; 0: none
  uint32_t root_permissions = 0755;
  uint32_t root_uid = 0;
  uint32_t root_gid = 0;
};

class RamFileSystem : public TreeFileSystem {
 public:
  // `type` is what /proc/mounts shows: "tmpfs", "devtmpfs".
  RamFileSystem(Vfs& vfs, const RamOptions& options, std::string_view type = "tmpfs")
      : TreeFileSystem(vfs, type, tmpfs_magic), options_(options) {}
  static Result<Ref<RamFileSystem>> create(Vfs& vfs, const RamOptions& options = {});

  Result<Ref<Inode>> make_root() override;
  uint64_t new_number() override { return next_number_.fetch_add(1, std::memory_order_relaxed); }
  Result<FileSystemStatistics> statistics() override;
  void write_options(Writer& out) override;

  // Files of the tree grow and shrink by so many pages. ENOSPC.
  Result<> charge(uint64_t pages);
  void release(uint64_t pages) { used_pages_.fetch_sub(pages, std::memory_order_relaxed); }

 protected:
  Result<Ref<Node>> new_file(const NodeStart& start) override;

 private:
  RamOptions options_;
  std::atomic<uint64_t> next_number_ = 1;
  std::atomic<uint64_t> used_pages_ = 0;
};

// "tmpfs" and "ramfs" of mount(2), with the options size=, mode=, uid=, gid=.
class RamFileSystemType final : public FileSystemType {
 public:
  using FileSystemType::FileSystemType;
  Result<Ref<FileSystem>> create(Vfs& vfs, std::string_view source, std::string_view options) override;
};

}  // namespace halcyon::fs
