// RamFileSystem: files that live in memory only (tmpfs(5)). A regular file is its page cache; directories are TreeDirectory. What it may
// hold at most is said by its Space: pages are charged while they are there, so holes cost nothing; each inode, and each further name of
// one, counts as an inode.
#pragma once

#include "fs/tree/directory.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

inline constexpr uint64_t tmpfs_magic = 0x01021994, ramfs_magic = 0x858458f6;

struct RamOptions {
  uint64_t max_pages = 0, max_inodes = 0;  // 0: no limit
  uint32_t root_permissions = 0755;
  uint32_t root_uid = 0;
  uint32_t root_gid = 0;

  // With Linux's default limits: half of RAM, and as many inodes as that has pages.
  static RamOptions with_default_limits(uint32_t root_permissions = 0755);
};

class RamFileSystem : public TreeFileSystem {
 public:
  // `type` is what /proc/mounts shows: "tmpfs", "devtmpfs".
  RamFileSystem(Vfs& vfs, const RamOptions& options, std::string_view type = "tmpfs");
  static Result<Ref<RamFileSystem>> create(Vfs& vfs, const RamOptions& options = {});

  Result<Ref<Inode>> make_root() override;
  Result<Ref<Node>> new_symlink(std::string_view target, uint32_t uid, uint32_t gid) override;
  uint64_t new_number() override { return next_number_.fetch_add(1, std::memory_order_relaxed); }
  Result<FileSystemStatistics> statistics() override;
  void write_options(Writer& out) override;
  Result<> reconfigure(std::string_view options) override;

 protected:
  Result<Ref<Node>> new_file(const NodeStart& start) override;

 private:
  const RamOptions options_;
  std::atomic<uint64_t> next_number_ = 1;
};

// "tmpfs" of mount(2), with the options size=, nr_blocks=, nr_inodes=, mode=, uid=, gid=; those that are about swap, huge pages and NUMA
// are accepted.
class TmpfsType final : public FileSystemType {
 public:
  TmpfsType() : FileSystemType("tmpfs") {}
  Result<Ref<FileSystem>> create(Vfs& vfs, std::string_view source, std::string_view options) override;
};

// "ramfs": without limits, and every option but mode= is ignored.
class RamfsType final : public FileSystemType {
 public:
  RamfsType() : FileSystemType("ramfs") {}
  Result<Ref<FileSystem>> create(Vfs& vfs, std::string_view source, std::string_view options) override;
};

}  // namespace halcyon::fs
