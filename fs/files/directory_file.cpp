#include "fs/files/directory_file.h"

#include "core/base/lock_guard.h"
#include "fs/vfs/vfs.h"

namespace halcyon::fs {

namespace {

// Shows a visitor the positions of the open directory instead of the inode's.
class Shifted final : public DirectoryVisitor {
 public:
  explicit Shifted(DirectoryVisitor& visitor) : visitor_(visitor) {}
  bool entry(std::string_view name, uint64_t inode, FileType type, uint64_t next) override {
    return visitor_.entry(name, inode, type, next + 2);
  }

 private:
  DirectoryVisitor& visitor_;
};

uint64_t number_of(Inode& inode) {
  auto attributes = inode.attributes();
  return attributes ? attributes->inode : 0;
}

}  // namespace

Result<uint64_t> DirectoryFile::end_offset() {
  return path().mount->file_system().directories_seek_from_end() ? Result<uint64_t>(0) : err::inval;
}

// Of "..": at the root of a mount, the directory around the place where it is mounted.
uint64_t DirectoryFile::parent_number() {
  Vfs& vfs = path().mount->file_system().vfs();
  Path at = path();
  while (at.dentry == at.mount->root()) {
    Path place = vfs.mounts().place_of(*at.mount);
    if (place.is_empty()) return number_of(*inode());
    at = std::move(place);
  }
  Ref<Dentry> parent = vfs.dentries().parent(*at.dentry);
  return number_of(parent ? *parent->inode() : *inode());
}

Result<> DirectoryFile::list(DirectoryVisitor& visitor) {
  LockGuard guard(offset_lock_);
  if (path().dentry->is_removed()) return err::noent;
  note_access();
  if (offset_ == 0) {
    if (!visitor.entry(".", number_of(*inode()), FileType::directory, 1)) return {};
    offset_ = 1;
  }
  if (offset_ == 1) {
    if (!visitor.entry("..", parent_number(), FileType::directory, 2)) return {};
    offset_ = 2;
  }
  Shifted shifted(visitor);
  uint64_t position = offset_ - 2;
  auto listed = inode()->list(&position, shifted);
  offset_ = position + 2;
  return listed;
}

}  // namespace halcyon::fs
