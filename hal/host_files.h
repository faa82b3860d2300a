// HostFiles: one directory tree of the host (or one file), as hostfs reads and writes it. Implemented where there is a host: hal/hosted.
//
// Paths are relative to the tree's root, without leading slash or "." components; "" is the root itself. No host symlink is ever followed.
// Calls are synchronous; an error of the host comes back as the Errno of the same name. File descriptors are kept for the files used last
// only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/base/result.h"

namespace halcyon::hal {

// Which object of the host a path should still lead to. Hosts give the inode number of what is gone to what is new, so its time of birth
// belongs to it where the host knows that.
struct HostId {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t born = 0;  // nanoseconds since 1970; 0: unknown
  auto operator<=>(const HostId&) const = default;
};

struct HostAttributes {
  HostId id;
  uint32_t mode = 0;  // with the type
  uint32_t links = 1;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t special_device = 0;
  uint64_t size = 0;
  uint64_t blocks = 0;   // of 512 bytes
  int64_t modified = 0;  // nanoseconds since 1970
  int64_t changed = 0;
  bool is_synthetic = false;  // belongs to the host's kernel (/proc, /sys, /dev): directories are treated as empty
};

struct HostSpace {
  uint64_t block_size, blocks, blocks_free, blocks_available, files, files_free;
};

class HostEntryVisitor {
 public:
  // `type` is the S_IFMT part of the mode, 0 if the host does not tell. ENOMEM ends the listing.
  virtual Result<> entry(std::string_view name, uint64_t inode, uint32_t type) = 0;

 protected:
  ~HostEntryVisitor() = default;
};

class HostFiles {
 public:
  virtual ~HostFiles() = default;

  virtual Result<HostAttributes> attributes(std::string_view path) = 0;
  // In the host's order, without "." and "..".
  virtual Result<> list(std::string_view path, HostEntryVisitor& visitor) = 0;
  virtual Result<size_t> read_link(std::string_view path, std::span<char> target) = 0;

  // Regular files. ESTALE if the path leads to another object by now. Fewer bytes than asked mean the end of the file. open only makes sure
  // that the others will work. EACCES.
  virtual Result<> open(std::string_view path, const HostId& id, bool for_writing) = 0;
  virtual Result<size_t> read(std::string_view path, const HostId& id, uint64_t offset, std::span<const std::span<std::byte>> pieces) = 0;
  virtual Result<> write(std::string_view path, const HostId& id, uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Result<> truncate(std::string_view path, const HostId& id, uint64_t size) = 0;
  virtual Result<> sync(std::string_view path, const HostId& id) = 0;
  // Of the whole file system that the tree lies in.
  virtual Result<> sync_all() = 0;
  // Keeps a file usable, without its path, whose name is about to go; until release.
  virtual Result<> hold(std::string_view path, const HostId& id) = 0;
  virtual void release(const HostId& id) = 0;

  // Changes; EROFS for a tree opened for reading.
  virtual Result<> create_file(std::string_view path, uint32_t permissions) = 0;
  virtual Result<> make_directory(std::string_view path, uint32_t permissions) = 0;
  // A FIFO or a socket, by the type in `mode`.
  virtual Result<> make_special(std::string_view path, uint32_t mode) = 0;
  virtual Result<> make_symlink(std::string_view path, std::string_view target) = 0;
  virtual Result<> link(std::string_view from, std::string_view to) = 0;
  virtual Result<> unlink(std::string_view path) = 0;
  virtual Result<> remove_directory(std::string_view path) = 0;
  // `flags` as renameat2(2).
  virtual Result<> rename(std::string_view from, std::string_view to, uint32_t flags) = 0;
  virtual Result<> set_permissions(std::string_view path, uint32_t permissions) = 0;
  virtual Result<> set_owner(std::string_view path, uint32_t uid, uint32_t gid) = 0;  // ~0: unchanged
  // INT64_MIN leaves a time as it is.
  virtual Result<> set_times(std::string_view path, int64_t accessed, int64_t modified) = 0;

  virtual Result<HostSpace> space() = 0;
};

// Opens the tree (or the single regular file) at `path` of the host. Allocates from the host's heap, not the kernel's.
Result<std::unique_ptr<HostFiles>> open_host_files(std::string_view path, bool is_writable);

}  // namespace halcyon::hal
