// The calls that look at or change what an inode says about itself. The path forms take walk_flag::follow and walk_flag::allow_empty (with
// which an empty path means start.file, whatever kind of file that is); the File forms are fchmod(2) and so on. Errors as their manual
// pages say.
#pragma once

#include "fs/vfs/walk.h"

namespace halcyon::fs {

Result<Attributes> stat(const Caller& caller, const Start& start, std::string_view path, uint32_t flags);

// What an operation works on: an inode, and the mount and name that it was reached through (null for a file without a name). Whoever makes
// one keeps them alive.
struct Target {
  Inode* inode;
  Mount* mount;
  const Dentry* dentry;
};
// EBADF for an O_PATH description unless `path_too`; EINVAL for a file without an inode.
Result<Target> target_of(File& file, bool path_too = false);

// access(2), faccessat2(2): `wanted` of may::; real ids unless `effective`.
Result<> access(const Caller& caller, const Start& start, std::string_view path, uint32_t wanted, bool effective, uint32_t flags);

Result<> chmod(const Caller& caller, const Start& start, std::string_view path, uint32_t mode, uint32_t flags);
Result<> chmod(const Caller& caller, Target target, uint32_t mode);

inline constexpr uint32_t keep_id = ~uint32_t{0};
Result<> chown(const Caller& caller, const Start& start, std::string_view path, uint32_t uid, uint32_t gid, uint32_t flags);
Result<> chown(const Caller& caller, Target target, uint32_t uid, uint32_t gid);

// One of the two times of utimensat(2).
struct TimeChange {
  enum class Kind : uint8_t { set, now, omit } kind = Kind::now;
  Nanoseconds time = 0;
};
Result<> utimens(const Caller& caller, const Start& start, std::string_view path, TimeChange accessed, TimeChange modified, uint32_t flags);
Result<> utimens(const Caller& caller, Target target, TimeChange accessed, TimeChange modified);

// truncate(2); ftruncate(2) is File::truncate.
Result<> truncate(const Caller& caller, std::string_view path, uint64_t size);

Result<FileSystemStatistics> statfs(const Caller& caller, std::string_view path);
Result<FileSystemStatistics> statfs(File& file);

// readlinkat(2): stores as much of the target as fits and returns the length.
Result<size_t> readlink(const Caller& caller, const Start& start, std::string_view path, Sink& out);

}  // namespace halcyon::fs
