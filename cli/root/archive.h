// ArchiveImage: a whole tar archive in memory, read with libarchive: the guest's root before there is a kernel to unpack it in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace halcyon::cli {

struct ArchiveEntry {
  std::string path;   // without leading '/', ".", ".." or doubled slashes; empty for the root itself
  uint32_t mode = 0;  // with its type (inode(7))
  uint32_t uid = 0, gid = 0;
  int64_t modified = 0;  // nanoseconds since 1970
  uint32_t device_major = 0, device_minor = 0;
  std::string target;  // of a symlink; of a hard link the path of an entry before it
  bool is_hard_link = false;
  std::string data;

  bool is_directory() const { return (mode & 0170000) == 0040000; }
  bool is_symlink() const { return (mode & 0170000) == 0120000; }
  bool is_regular() const { return (mode & 0170000) == 0100000; }
};

class ArchiveImage {
 public:
  // Reads tar, plain or compressed by gzip, xz, zstd or bzip2. Throws Failure: unreadable, no archive, corrupt, a name that leads outside.
  static ArchiveImage read(const std::string& file);

  // In the order in which they can be unpacked: parents come before their children (directories that the archive leaves out are there all
  // the same), a later entry of the same name replaces the earlier one.
  std::vector<ArchiveEntry>& entries() { return entries_; }
  // Null if there is no such entry. A hard link is found as what it links to.
  const ArchiveEntry* find(std::string_view path) const;

 private:
  void add(ArchiveEntry entry, const std::string& file);
  void add_parents(std::string_view path);

  std::vector<ArchiveEntry> entries_;
  std::map<std::string, size_t, std::less<>> index_;
};

// The path in the form of ArchiveEntry::path; false if it leads outside.
bool normalise_path(std::string_view path, std::string* normal);

}  // namespace halcyon::cli
