// Path: a place in the tree that a process sees: a mount and a dentry of its file system. Every name lookup ends in one, and every open
// file that has a name holds one.
#pragma once

#include "core/file/file.h"
#include "fs/vfs/dentry.h"
#include "fs/vfs/mount.h"

namespace halcyon::fs {

struct Path {
  Ref<Mount> mount;
  Ref<Dentry> dentry;

  bool is_empty() const { return !dentry; }
  // Null for a name that does not exist.
  Inode* inode() const { return dentry->inode(); }
  bool operator==(const Path&) const = default;
};

// The inode of a symlink in /proc that is no text but leads straight to something: a path, or an open file that has none.
class MagicLink {
 public:
  struct Target {
    Path path;       // empty if the target is only a file
    Ref<File> file;  // opening the link opens it again (File::reopen)
  };
  // EACCES, ENOENT.
  virtual Result<Target> follow() = 0;

 protected:
  ~MagicLink() = default;
};

// Appends the text of `path` as seen from `root`, as getcwd(2) and /proc show it: " (deleted)" follows a removed name, "(unreachable)" goes
// before a place outside `root`. ENOMEM, ENAMETOOLONG.
Result<> write_path(Writer& out, const Path& path, const Path& root);
// The same from the root of the mount tree.
Result<> write_path(Writer& out, const Path& path);
// True if `path` can be reached from `root` by going down.
bool is_below(const Path& path, const Path& root);

// What a file that a device or a FIFO made holds of its name.
class Place final : public FilePlace {
 public:
  explicit Place(Path path) : path_(std::move(path)) {}
  const Path& path() const override { return path_; }
  Inode& inode() const override { return *path_.inode(); }
  void describe(Writer& out) const override;
  void closed(const File& file) override;

 private:
  Path path_;
};

}  // namespace halcyon::fs
