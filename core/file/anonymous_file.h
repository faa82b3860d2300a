// AnonymousFile: base of open files that have no place in the tree and no inode of their own (eventfd(2), epoll(7), signalfd(2), ...).
#pragma once

#include "core/file/file.h"

namespace halcyon {

class AnonymousFile : public File {
 public:
  // `name` is a literal: "[eventfd]".
  AnonymousFile(uint32_t flags, std::string_view name, FileKind kind = FileKind::other) : File(flags, kind), name_(name) {}

  // All such files share one inode, as on Linux.
  Result<Attributes> attributes() override {
    Attributes attributes;
    attributes.device = make_device(0, 14);
    attributes.inode = 1;
    attributes.type = FileType::none;
    attributes.permissions = 0600;
    return attributes;
  }
  // There is no offset, but to move it is no error.
  Result<uint64_t> seek(int64_t, Whence) override { return 0; }
  void describe(Writer& out) override { print(out, "anon_inode:{}", name_); }

 private:
  std::string_view name_;
};

}  // namespace halcyon
