// FileSystemType: a kind of file system that mount(2) can make instances of. To add one: derive, list its options, and register it where
// the others are (syscalls/standard_files.h).
#pragma once

#include <span>
#include <string_view>

#include "core/file/inode.h"
#include "fs/vfs/mount_options.h"

namespace halcyon::fs {

class FileSystem;
class Vfs;

// What an instance is made of. Everything in it has been checked.
struct MountRequest {
  Vfs& vfs;
  std::string_view source;  // mount(2)'s, in case that it means something to the type
  const MountOptions& options;
  bool is_read_only = false;  // nothing may be written to the device
  // The contents of the block device at `source`, for a type that lies on one: its page cache is the cache of blocks, and its sync() makes
  // the device keep them. Null for others.
  Ref<Inode> device = {};
};

// Registered for the Vfs's lifetime.
class FileSystemType {
 public:
  // Names are literals, and `options` an array that stays. `needs_device`: the source of a mount names a block device.
  explicit FileSystemType(std::string_view name, std::span<const OptionSpec> options = {}, bool needs_device = false)
      : name_(name), options_(options), needs_device_(needs_device) {}
  std::string_view name() const { return name_; }
  bool needs_device() const { return needs_device_; }
  std::span<const OptionSpec> options() const { return options_; }
  // What is to happen to options that it does not have.
  virtual MountOptions::Unknown unknown_options() const { return MountOptions::Unknown::refuse; }

  // A new instance. ENOMEM, EIO; EINVAL: there is no such file system on the device, or options contradict each other.
  virtual Result<Ref<FileSystem>> create(const MountRequest& request) = 0;

 protected:
  ~FileSystemType() = default;

 private:
  friend class Vfs;
  std::string_view name_;
  std::span<const OptionSpec> options_;
  bool needs_device_;
  FileSystemType* next_ = nullptr;
};

}  // namespace halcyon::fs
