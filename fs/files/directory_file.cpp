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

Result<uint64_t> DirectoryFile::seek(int64_t offset, Whence whence) {
  LockGuard guard(lock_);
  int64_t base = 0;
  if (whence == Whence::current) base = static_cast<int64_t>(position_);
  else if (whence != Whence::set && (whence != Whence::end || !path().mount->file_system().directories_seek_from_end())) return err::inval;
  int64_t position;
  if (__builtin_add_overflow(base, offset, &position) || position < 0) return err::inval;
  position_ = static_cast<uint64_t>(position);
  return position_;
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
  LockGuard guard(lock_);
  if (path().dentry->is_removed()) return err::noent;
  note_access();
  if (position_ == 0) {
    if (!visitor.entry(".", number_of(*inode()), FileType::directory, 1)) return {};
    position_ = 1;
  }
  if (position_ == 1) {
    if (!visitor.entry("..", parent_number(), FileType::directory, 2)) return {};
    position_ = 2;
  }
  Shifted shifted(visitor);
  uint64_t position = position_ - 2;
  auto listed = inode()->list(&position, shifted);
  position_ = position + 2;
  return listed;
}

}  // namespace halcyon::fs
