// What an inode says about itself (inode(7)), in no ISA's layout.
#pragma once

#include "core/base/types.h"

namespace halcyon {

// The S_IFMT part of a mode.
enum class FileType : uint16_t {
  none = 0,  // of files that are nowhere in a tree (anon_inode)
  fifo = 0010000,
  character_device = 0020000,
  directory = 0040000,
  block_device = 0060000,
  regular = 0100000,
  symlink = 0120000,
  socket = 0140000,
};

namespace mode {
inline constexpr uint32_t type_mask = 0170000;
inline constexpr uint32_t set_uid = 04000;
inline constexpr uint32_t set_gid = 02000;
inline constexpr uint32_t sticky = 01000;
inline constexpr uint32_t permissions = 07777;
inline constexpr uint32_t group_execute = 0010;
}  // namespace mode

// A device number as Linux encodes it for user programs (makedev(3)).
constexpr uint64_t make_device(uint32_t major, uint32_t minor) {
  return (static_cast<uint64_t>(major & ~0xfffu) << 32) | ((major & 0xfff) << 8) | (static_cast<uint64_t>(minor & ~0xffu) << 12) |
         (minor & 0xff);
}

struct Attributes {
  uint64_t device = 0;  // of the file system
  uint64_t inode = 0;
  FileType type = FileType::regular;
  uint32_t permissions = 0;  // mode & 07777
  uint32_t links = 1;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t special_device = 0;  // of a device inode
  uint64_t size = 0;
  uint32_t block_size = page_size;
  uint64_t blocks = 0;  // of 512 bytes
  Nanoseconds accessed = 0;
  Nanoseconds modified = 0;
  Nanoseconds changed = 0;
  Nanoseconds born = 0;

  uint32_t mode() const { return static_cast<uint32_t>(type) | permissions; }
};

struct Ownership {  // what permission checks look at
  uint32_t permissions = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
};

// What chmod, chown, utimensat and truncate change: only the members whose bit is in `what`. The caller has checked permissions.
struct AttributeChange {
  static constexpr uint32_t set_permissions = 1, set_uid = 2, set_gid = 4, set_size = 8, set_accessed = 16, set_modified = 32;
  Nanoseconds now = 0;  // becomes ctime, and mtime with set_size
  uint32_t what = 0;
  uint32_t permissions = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t size = 0;
  Nanoseconds accessed = 0;
  Nanoseconds modified = 0;
};

struct FileSystemStatistics {  // statfs(2)
  uint64_t magic = 0;
  uint64_t block_size = page_size;
  uint64_t blocks = 0, blocks_free = 0, blocks_available = 0;
  uint64_t files = 0, files_free = 0;
  uint64_t id = 0;
  uint64_t name_length = 255;
  uint64_t flags = 0;
};

}  // namespace halcyon
