// GuestTree: the guest's files as they will be when it starts, seen from the host before there is a kernel: to search PATH, to find out for
// which machine the program is, and to say clearly what is missing. It follows symlinks as the guest would, never out of its root.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "cli/root/archive.h"

namespace halcyon::cli {

struct GuestNode {
  std::string path;   // in the guest, without symlinks
  uint32_t mode = 0;  // with its type
  uint32_t uid = 0, gid = 0;
  std::string host_path;  // where it lies on the host; empty if in the archive
  const ArchiveEntry* entry = nullptr;

  bool is_directory() const { return (mode & 0170000) == 0040000; }
  bool is_regular() const { return (mode & 0170000) == 0100000; }
  bool is_symlink() const { return (mode & 0170000) == 0120000; }
};

class GuestTree {
 public:
  enum class Kind { host, directory, archive, none };

  // Looks what --root and --bind name. Throws Failure: a root or a bound directory that is missing or cannot be read, a corrupt archive.
  GuestTree(const std::optional<std::string>& root, const std::vector<Bind>& binds);

  Kind kind() const { return kind_; }
  // The host directory that is the root; "/" for the host's own.
  const std::string& directory() const { return directory_; }
  // With host paths that are absolute and lead through no symlink, in the order of the command line.
  const std::vector<Bind>& binds() const { return binds_; }
  ArchiveImage* archive() { return archive_.get(); }

  // An absolute path of the guest, with symlinks followed. Nothing if it is not there, with the reason in *error (an errno number).
  std::optional<GuestNode> resolve(std::string_view path, int* error) const;

  // At most `limit` bytes from the beginning of a regular file. Nothing, and errno in *error, if it cannot be read.
  std::optional<std::string> read(const GuestNode& node, size_t limit, int* error) const;
  // The caller may execute it, judging by its mode.
  static bool is_executable(const GuestNode& node);

 private:
  void add(Bind bind);
  std::string place_of(const std::string& path) const;
  std::optional<GuestNode> look_up(const std::string& path, int* error) const;
  std::string read_link(const GuestNode& node) const;

  Kind kind_ = Kind::host;
  std::string directory_ = "/";
  std::unique_ptr<ArchiveImage> archive_;
  std::vector<Bind> binds_;
};

}  // namespace halcyon::cli
