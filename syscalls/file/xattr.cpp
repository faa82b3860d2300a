// Extended attributes (xattr(7)): no file system here has any, so every call ends in EOPNOTSUPP at the latest.
#include "fs/calls/attributes.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

constexpr size_t name_size = 256;  // with its NUL
constexpr size_t value_max = 65536;
constexpr uint32_t set_flags = 3;  // XATTR_CREATE, XATTR_REPLACE

Result<> check_name(Thread& self, UserPtr<const char> name) {
  std::array<char, name_size> buffer;
  auto length = get_user_string(self.memory(), name.address(), buffer);
  if (!length) return length.error() == Errno::nametoolong ? err::range : Result<>(std::unexpected(length.error()));
  return *length == 0 ? err::range : Result<>{};
}

Result<> check_value(Thread& self, UserPtr<const std::byte> value, size_t size, uint32_t flags) {
  if (flags & ~set_flags) return err::inval;
  if (size > value_max) return err::toobig;
  std::array<std::byte, 512> piece;
  for (size_t done = 0; done < size;) {
    size_t count = std::min(piece.size(), size - done);
    TRY(get_user_bytes(self.memory(), std::span(piece).first(count), value.address() + done));
    done += count;
  }
  return {};
}

Result<> find(Thread& self, UserPtr<const char> path, bool follow) {
  auto found = with_path(self, DirFd{at_cwd}, path, [&](auto& caller, auto& start, auto text) {
    auto at = fs::resolve(caller, start, text, follow ? fs::walk_flag::follow : 0);
    return at ? Result<>{} : std::unexpected(at.error());
  });
  return found ? Result<>{} : std::unexpected(found.error());
}

Result<> find(Thread& self, Fd fd) {
  Ref<File> file = TRY(self.files().get(fd));
  return file->is_path() ? err::badf : Result<>{};
}

// What all calls come to: the object is there, the arguments are in order, but there are no attributes.
Result<uint64_t> refuse(const Result<>& found) {
  if (!found) return std::unexpected(found.error());
  return err::opnotsupp;
}
Result<uint64_t> refuse(Thread& self, const Result<>& found, UserPtr<const char> name, const Result<>& value = {}) {
  if (!found) return std::unexpected(found.error());
  if (!value && value.error() == Errno::inval) return std::unexpected(value.error());
  TRY(check_name(self, name));
  if (!value) return std::unexpected(value.error());
  return err::opnotsupp;
}

}  // namespace

Result<uint64_t> sys_setxattr(Thread& self, UserPtr<const char> path, UserPtr<const char> name, UserPtr<const std::byte> value, size_t size,
                              uint32_t flags) {
  return refuse(self, find(self, path, true), name, check_value(self, value, size, flags));
}
Result<uint64_t> sys_lsetxattr(Thread& self, UserPtr<const char> path, UserPtr<const char> name, UserPtr<const std::byte> value,
                               size_t size, uint32_t flags) {
  return refuse(self, find(self, path, false), name, check_value(self, value, size, flags));
}
Result<uint64_t> sys_fsetxattr(Thread& self, Fd fd, UserPtr<const char> name, UserPtr<const std::byte> value, size_t size, uint32_t flags) {
  return refuse(self, find(self, fd), name, check_value(self, value, size, flags));
}

Result<uint64_t> sys_getxattr(Thread& self, UserPtr<const char> path, UserPtr<const char> name, UserPtr<std::byte>, size_t) {
  return refuse(self, find(self, path, true), name);
}
Result<uint64_t> sys_lgetxattr(Thread& self, UserPtr<const char> path, UserPtr<const char> name, UserPtr<std::byte>, size_t) {
  return refuse(self, find(self, path, false), name);
}
Result<uint64_t> sys_fgetxattr(Thread& self, Fd fd, UserPtr<const char> name, UserPtr<std::byte>, size_t) {
  return refuse(self, find(self, fd), name);
}

Result<uint64_t> sys_listxattr(Thread& self, UserPtr<const char> path, UserPtr<std::byte>, size_t) {
  return refuse(find(self, path, true));
}
Result<uint64_t> sys_llistxattr(Thread& self, UserPtr<const char> path, UserPtr<std::byte>, size_t) {
  return refuse(find(self, path, false));
}
Result<uint64_t> sys_flistxattr(Thread& self, Fd fd, UserPtr<std::byte>, size_t) { return refuse(find(self, fd)); }

Result<uint64_t> sys_removexattr(Thread& self, UserPtr<const char> path, UserPtr<const char> name) {
  return refuse(self, find(self, path, true), name);
}
Result<uint64_t> sys_lremovexattr(Thread& self, UserPtr<const char> path, UserPtr<const char> name) {
  return refuse(self, find(self, path, false), name);
}
Result<uint64_t> sys_fremovexattr(Thread& self, Fd fd, UserPtr<const char> name) { return refuse(self, find(self, fd), name); }

}  // namespace halcyon
