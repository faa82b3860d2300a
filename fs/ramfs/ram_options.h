// The options of mount(2) for file systems in memory (tmpfs(5)).
#pragma once

#include <cstdint>
#include <span>

#include "fs/vfs/mount_options.h"

namespace halcyon::fs {

struct RamOptions {
  uint64_t max_pages = 0, max_inodes = 0;  // 0: no limit
  uint32_t root_permissions = 0755;
  uint32_t root_uid = 0;
  uint32_t root_gid = 0;

  // With Linux's default limits: half of RAM, and as many inodes as that has pages.
  static RamOptions with_default_limits(uint32_t root_permissions = 0755);
  // Takes over what `options` name, of those below.
  void apply(const MountOptions& options);
};

// size=, nr_blocks=, nr_inodes=, mode=, uid=, gid=; those that are about swap, huge pages and NUMA are taken, and change nothing.
extern const std::span<const OptionSpec> tmpfs_options;
// Only mode= means anything.
extern const std::span<const OptionSpec> ramfs_options;

}  // namespace halcyon::fs
