// What host_files keeps open: directories, to find names in without walking to them, and regular files. Both are small caches in which the
// longest unused descriptor is closed first.
#pragma once

#include <unistd.h>

#include <list>
#include <string>
#include <string_view>
#include <utility>

#include "hal/host_files.h"

namespace halcyon::hal {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Opens without a symlink on the way, the last component included. -1 and errno.
int open_beneath(int directory, const std::string& path, int flags);

// Directories by their path below one base.
class DirectoryCache {
 public:
  // The descriptor stays the cache's, and is good until the next call. `text` is how the path is written for the host.
  Result<int> find(int base, std::string_view path, const std::string& text);
  // The path leads to the object `id`: forgets what was found for it, and below it, if that was another.
  void check(std::string_view path, const HostId& id);
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    std::string path;
    Descriptor fd;
    HostId id;
  };
  static constexpr size_t limit = 32;
  std::list<Entry> entries_;  // front: used last
};

// Regular files by what they are.
class FileCache {
 public:
  struct Entry {
    HostId id;
    Descriptor fd;
    bool is_writable;
    unsigned holds = 0;
  };
  // Null if it is not here.
  Entry* find(const HostId& id, bool for_writing);
  Entry& add(const HostId& id, Descriptor fd, bool is_writable);
  // An entry that is held stays.
  void release(const HostId& id);

 private:
  void trim(bool writable, size_t limit);
  // A file may have become read-only for us since it was opened for writing (its maker may write to a file of mode 0444), so those are kept
  // longer.
  static constexpr size_t read_limit = 64, write_limit = 256;
  std::list<Entry> entries_;  // front: used last
};

}  // namespace halcyon::hal
