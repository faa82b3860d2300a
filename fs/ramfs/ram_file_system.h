// RamFileSystem: files that live in memory only (tmpfs(5)). A regular file is its page cache; directories are TreeDirectory. What it may
// hold at most is said by its Space: pages are charged while they are there, so holes cost nothing; each inode, and each further name of
// one, counts as an inode.
#pragma once

#include "fs/ramfs/ram_options.h"
#include "fs/tree/directory.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

inline constexpr uint64_t tmpfs_magic = 0x01021994, ramfs_magic = 0x858458f6;

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
  Result<> reconfigure(const MountOptions& options) override;

 protected:
  Result<Ref<Node>> new_file(const NodeStart& start) override;

 private:
  const RamOptions options_;
  std::atomic<uint64_t> next_number_ = 1;
};

// "tmpfs" of mount(2).
class TmpfsType final : public FileSystemType {
 public:
  TmpfsType() : FileSystemType("tmpfs", tmpfs_options) {}
  Result<Ref<FileSystem>> create(const MountRequest& request) override;
};

// "ramfs": without limits. An option that it does not know was never an error.
class RamfsType final : public FileSystemType {
 public:
  RamfsType() : FileSystemType("ramfs", ramfs_options) {}
  MountOptions::Unknown unknown_options() const override { return MountOptions::Unknown::ignore; }
  Result<Ref<FileSystem>> create(const MountRequest& request) override;
};

}  // namespace halcyon::fs
