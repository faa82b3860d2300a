// HostFolder: a temporary directory of the host, filled and looked at by host calls. HostTest: a VFS with it mounted at /host.
#pragma once

#include <string>
#include <vector>

#include "fs/hostfs/host_file_system.h"
#include "tests/unit/fs/tree.h"

namespace halcyon::test {

class HostFolder {
 public:
  HostFolder();
  ~HostFolder();
  HostFolder(const HostFolder&) = delete;
  HostFolder& operator=(const HostFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string at(const std::string& name) const { return path_ + "/" + name; }
  // Makes or overwrites in place.
  void put(const std::string& name, std::string_view text, unsigned mode = 0644);
  // As editors do it: writes a new file and renames it over the old one.
  void replace(const std::string& name, std::string_view text);
  void mkdir(const std::string& name, unsigned mode = 0755);
  void symlink(const std::string& target, const std::string& name);
  void link(const std::string& from, const std::string& to);
  void remove(const std::string& name);
  void rename(const std::string& from, const std::string& to);
  std::string get(const std::string& name) const;  // "!" if it cannot be read
  bool exists(const std::string& name) const;
  unsigned mode(const std::string& name) const;
  uint64_t size(const std::string& name) const;
  std::vector<std::string> names(const std::string& name = "") const;  // sorted
  // Sets mtime, in seconds.
  void set_time(const std::string& name, int64_t seconds);

 private:
  std::string path_;
};

// While it lives, the host sees a caller without privileges.
class Unprivileged {
 public:
  Unprivileged();
  ~Unprivileged();

 private:
  unsigned user_;
};

class HostTest : public FsTest {
 protected:
  void mount(bool is_writable);

  HostFolder host;
};

}  // namespace halcyon::test
