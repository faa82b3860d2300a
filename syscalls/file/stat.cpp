// What files are: stat(2), statx(2), statfs(2), access(2).
#include "core/file/inode.h"
#include "fs/calls/attributes.h"
#include "syscalls/abi/abi.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"

namespace halcyon {

namespace {

Result<Attributes> attributes_at(Thread& self, DirFd dir, UserPtr<const char> from, uint32_t flags) {
  PathArgument path;
  TRY(path.fetch(self, from));
  if (path.view().empty() && (flags & at_flag::empty_path) && dir != at_cwd) {
    Ref<File> file = TRY(self.files().get(dir));
    return file->attributes();
  }
  fs::Start start = TRY(start_at(self, dir, path.view(), flags));
  return fs::stat(caller_of(self), start, path.view(), walk_flags(flags));
}

Result<uint64_t> put_stat(Thread& self, UserPtr<UserStat> out, const Result<Attributes>& attributes) {
  if (!attributes) return std::unexpected(attributes.error());
  return as_result(abi_of(self).put_stat(self, out, *attributes));
}

struct StatxTime {
  int64_t seconds;
  uint32_t nanoseconds;
  int32_t reserved;
};

struct StatxLayout {
  uint32_t mask, block_size;
  uint64_t flags;
  uint32_t links, uid, gid;
  uint16_t mode, spare0;
  uint64_t inode, size, blocks, flags_mask;
  StatxTime accessed, born, changed, modified;
  uint32_t special_major, special_minor, device_major, device_minor;
  uint64_t mount_id;
  std::array<uint64_t, 13> spare;
};
static_assert(sizeof(StatxLayout) == 256);

StatxTime split(Nanoseconds time) {
  int64_t seconds = time / 1'000'000'000;
  int64_t rest = time % 1'000'000'000;
  if (rest < 0) rest += 1'000'000'000, --seconds;
  return {seconds, static_cast<uint32_t>(rest), 0};
}

uint32_t major_of(uint64_t device) { return static_cast<uint32_t>((device >> 8 & 0xfff) | (device >> 32 & ~uint64_t{0xfff})); }
uint32_t minor_of(uint64_t device) { return static_cast<uint32_t>((device & 0xff) | (device >> 12 & ~uint64_t{0xff})); }

struct StatfsLayout {
  int64_t type, block_size;
  uint64_t blocks, blocks_free, blocks_available, files, files_free;
  uint64_t id;
  int64_t name_length, fragment_size, flags;
  std::array<int64_t, 4> spare;
};
static_assert(sizeof(StatfsLayout) == 120);

Result<uint64_t> put_statfs(Thread& self, UserPtr<UserStatfs> out, const FileSystemStatistics& from) {
  constexpr int64_t valid = 0x20;
  StatfsLayout layout{};
  layout.type = static_cast<int64_t>(from.magic);
  layout.block_size = layout.fragment_size = static_cast<int64_t>(from.block_size);
  layout.blocks = from.blocks;
  layout.blocks_free = from.blocks_free;
  layout.blocks_available = from.blocks_available;
  layout.files = from.files;
  layout.files_free = from.files_free;
  layout.id = from.id;
  layout.name_length = static_cast<int64_t>(from.name_length);
  layout.flags = static_cast<int64_t>(from.flags) | valid;
  return as_result(put_user(self.memory(), out.as<StatfsLayout>(), layout));
}

}  // namespace

Result<uint64_t> sys_newfstatat(Thread& self, DirFd dir, UserPtr<const char> path, UserPtr<UserStat> out, AtFlags flags) {
  if (flags & ~(at_flag::symlink_nofollow | at_flag::empty_path | at_flag::no_automount)) return err::inval;
  return put_stat(self, out, attributes_at(self, dir, path, flags));
}
Result<uint64_t> sys_stat(Thread& self, UserPtr<const char> path, UserPtr<UserStat> out) {
  return put_stat(self, out, attributes_at(self, DirFd{at_cwd}, path, 0));
}
Result<uint64_t> sys_lstat(Thread& self, UserPtr<const char> path, UserPtr<UserStat> out) {
  return put_stat(self, out, attributes_at(self, DirFd{at_cwd}, path, at_flag::symlink_nofollow));
}
Result<uint64_t> sys_fstat(Thread& self, Fd fd, UserPtr<UserStat> out) {
  Ref<File> file = TRY(self.files().get(fd));
  return put_stat(self, out, file->attributes());
}

Result<uint64_t> sys_statx(Thread& self, DirFd dir, UserPtr<const char> path, AtFlags flags, StatxMask mask, UserPtr<UserStatx> out) {
  constexpr uint32_t basic = 0x7ff, birth = 0x800, reserved = 0x80000000;
  constexpr uint32_t known = at_flag::symlink_nofollow | at_flag::empty_path | at_flag::no_automount | at_flag::statx_sync_type;
  if ((mask & reserved) || (flags & ~known) || (flags & at_flag::statx_sync_type) == at_flag::statx_sync_type) return err::inval;
  Attributes from = TRY(attributes_at(self, dir, path, flags));
  StatxLayout layout{};
  layout.mask = basic | (from.born ? birth : 0);
  layout.block_size = from.block_size;
  layout.links = from.links;
  layout.uid = from.uid;
  layout.gid = from.gid;
  layout.mode = static_cast<uint16_t>(from.mode());
  layout.inode = from.inode;
  layout.size = from.size;
  layout.blocks = from.blocks;
  layout.accessed = split(from.accessed);
  layout.born = split(from.born);
  layout.changed = split(from.changed);
  layout.modified = split(from.modified);
  layout.special_major = major_of(from.special_device);
  layout.special_minor = minor_of(from.special_device);
  layout.device_major = major_of(from.device);
  layout.device_minor = minor_of(from.device);
  return as_result(put_user(self.memory(), out.as<StatxLayout>(), layout));
}

Result<uint64_t> sys_statfs(Thread& self, UserPtr<const char> path, UserPtr<UserStatfs> out) {
  PathArgument text;
  TRY(text.fetch(self, path));
  FileSystemStatistics statistics = TRY(fs::statfs(caller_of(self), text.view()));
  return put_statfs(self, out, statistics);
}

Result<uint64_t> sys_fstatfs(Thread& self, Fd fd, UserPtr<UserStatfs> out) {
  Ref<File> file = TRY(self.files().get(fd));
  FileSystemStatistics statistics = TRY(fs::statfs(*file));
  return put_statfs(self, out, statistics);
}

Result<uint64_t> sys_faccessat2(Thread& self, DirFd dir, UserPtr<const char> path, AccessMode mode, AtFlags flags) {
  if ((mode & ~7u) || (flags & ~(at_flag::eaccess | at_flag::symlink_nofollow | at_flag::empty_path))) return err::inval;
  PathArgument text;
  TRY(text.fetch(self, path));
  fs::Start start = TRY(start_at(self, dir, text.view(), flags));
  bool effective = (flags & at_flag::eaccess) != 0;
  return as_result(fs::access(caller_of(self), start, text.view(), mode, effective, walk_flags(flags)));
}
Result<uint64_t> sys_faccessat(Thread& self, DirFd dir, UserPtr<const char> path, AccessMode mode) {
  return sys_faccessat2(self, dir, path, mode, AtFlags{0});
}
Result<uint64_t> sys_access(Thread& self, UserPtr<const char> path, AccessMode mode) {
  return sys_faccessat2(self, DirFd{at_cwd}, path, mode, AtFlags{0});
}

}  // namespace halcyon
