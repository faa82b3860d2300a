#include "hal/hosted/host/host_status.h"

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <iterator>

namespace halcyon::hal {
namespace {

int64_t nanoseconds(const statx_timestamp& time) { return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec; }

}  // namespace

bool read_status(int directory, const char* name, int flags, HostStatus* status) {
  return ::statx(directory, name, flags | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_BTIME, status) == 0;
}

HostId HostStatus::id() const {
  int64_t born = (stx_mask & STATX_BTIME) ? nanoseconds(stx_btime) : 0;
  return {makedev(stx_dev_major, stx_dev_minor), stx_ino, born};
}

HostAttributes HostStatus::attributes() const {
  HostAttributes result;
  result.id = id();
  result.mode = stx_mode;
  result.links = stx_nlink;
  result.uid = stx_uid;
  result.gid = stx_gid;
  result.special_device = makedev(stx_rdev_major, stx_rdev_minor);
  result.size = stx_size;
  result.blocks = stx_blocks;
  result.modified = nanoseconds(stx_mtime);
  result.changed = nanoseconds(stx_ctime);
  return result;
}

bool is_synthetic_file_system(int fd) {
  // proc, sysfs, devpts, cgroup, cgroup2, debugfs, tracefs, securityfs, efivarfs, bpf, configfs, pstore, mqueue, binfmt_misc, selinux,
  // autofs, nsfs
  constexpr uint64_t magics[] = {0x9fa0,     0x62656572, 0x1cd1,     0x27e0eb,   0x63677270, 0x64626720, 0x74726163, 0x73636673, 0xde5e81e4,
                                 0xcafe4a11, 0x62656570, 0x6165676c, 0x19800202, 0x42494e4d, 0xf97cff8c, 0x0187,     0x6e736673};
  struct statfs system;
  if (fstatfs(fd, &system) != 0) return false;
  return std::find(std::begin(magics), std::end(magics), static_cast<uint64_t>(system.f_type) & 0xffffffff) != std::end(magics);
}

}  // namespace halcyon::hal
