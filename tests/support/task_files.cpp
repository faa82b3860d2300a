#include "tests/support/task.h"

#include <utility>

namespace halcyon::test {
namespace {

struct X86Stat {
  uint64_t device, inode, links;
  uint32_t mode, uid, gid, padding;
  uint64_t special_device;
  int64_t size, block_size, blocks;
  Timespec accessed, modified, changed;
  int64_t unused[3];
};
static_assert(sizeof(X86Stat) == 144);

struct GenericStat {
  uint64_t device, inode;
  uint32_t mode, links, uid, gid;
  uint64_t special_device, padding1;
  int64_t size;
  int32_t block_size, padding2;
  int64_t blocks;
  Timespec accessed, modified, changed;
  uint32_t unused[2];
};
static_assert(sizeof(GenericStat) == 128);

template <class Layout>
StatView view(const Layout& from) {
  return {from.device,
          from.inode,
          from.links,
          from.mode,
          from.uid,
          from.gid,
          from.special_device,
          static_cast<uint64_t>(from.size),
          static_cast<uint64_t>(from.block_size),
          static_cast<uint64_t>(from.blocks),
          from.accessed,
          from.modified,
          from.changed};
}

}  // namespace

int Task::open(std::string_view path, uint32_t flags, uint32_t mode) { return call(Call::openat, at_fdcwd, path, flags, mode); }

int Task::create(std::string_view path, std::string_view contents, uint32_t mode) {
  int fd = open(path, o_rdwr | o_creat | o_trunc, mode);
  EXPECT_GE(fd, 0) << Outcome{fd} << " for " << path;
  EXPECT_EQ(write(fd, contents), contents.size());
  EXPECT_EQ(call(Call::lseek, fd, 0, 0), ok);
  return fd;
}

Task::Pipe Task::pipe(uint32_t flags) {
  UserAddr fds = room(2 * sizeof(int));
  EXPECT_EQ(call(Call::pipe2, fds, flags), ok);
  return {get<int>(fds), get<int>(fds + sizeof(int))};
}

Outcome Task::write(int fd, std::string_view text) {
  UserAddr from = room(text.size() + 1);
  user_.write(from, std::as_bytes(std::span(text)));
  return call(Call::write, fd, from, text.size());
}

std::string Task::read(int fd, size_t most) {
  UserAddr to = room(most);
  Outcome got = call(Call::read, fd, to, most);
  return got.is_error() ? std::string(errno_name(got.error())) : get_text(to, got);
}

Outcome Task::dup2(int old_fd, int new_fd) {
  if (old_fd == new_fd) return {new_fd};
  return call(Call::dup3, old_fd, new_fd, 0);
}

Outcome Task::unlink(std::string_view path) { return call(Call::unlinkat, at_fdcwd, path, 0); }
Outcome Task::rmdir(std::string_view path) { return call(Call::unlinkat, at_fdcwd, path, at_removedir); }
Outcome Task::mkdir(std::string_view path, uint32_t mode) { return call(Call::mkdirat, at_fdcwd, path, mode); }
Outcome Task::rename(std::string_view from, std::string_view to) { return call(Call::renameat2, at_fdcwd, from, at_fdcwd, to, 0); }
Outcome Task::link(std::string_view from, std::string_view to) { return call(Call::linkat, at_fdcwd, from, at_fdcwd, to, 0); }
Outcome Task::symlink(std::string_view target, std::string_view path) { return call(Call::symlinkat, target, at_fdcwd, path); }
Outcome Task::chmod(std::string_view path, uint32_t mode) { return call(Call::fchmodat, at_fdcwd, path, mode); }
Outcome Task::chown(std::string_view path, uint32_t uid, uint32_t gid) { return call(Call::fchownat, at_fdcwd, path, uid, gid, 0); }
Outcome Task::access(std::string_view path, uint32_t mode) { return call(Call::faccessat, at_fdcwd, path, mode); }

std::string Task::readlink(std::string_view path) {
  constexpr size_t most = 4096;
  UserAddr to = room(most);
  Outcome got = call(Call::readlinkat, at_fdcwd, path, to, most);
  return got.is_error() ? std::string(errno_name(got.error())) : get_text(to, got);
}

StatView Task::get_stat(UserAddr place) {
  switch (user_.isa()) {
    case hal::Isa::x86_64: return view(get<X86Stat>(place));
    case hal::Isa::riscv64: return view(get<GenericStat>(place));
  }
  std::unreachable();
}

Outcome Task::stat(std::string_view path, StatView* to, uint32_t flags) {
  UserAddr place = room(sizeof(X86Stat));
  Outcome done = call(Call::newfstatat, at_fdcwd, path, place, flags);
  if (!done.is_error() && to) *to = get_stat(place);
  return done;
}

Outcome Task::fstat(int fd, StatView* to) {
  UserAddr place = room(sizeof(X86Stat));
  Outcome done = call(Call::newfstatat, fd, "", place, at_empty_path);
  if (!done.is_error() && to) *to = get_stat(place);
  return done;
}

Outcome Task::poll(std::vector<PollFd>& fds, Nanoseconds timeout) {
  UserAddr array = room(fds.size() * sizeof(PollFd) + 1);
  for (size_t index = 0; index < fds.size(); ++index) set(array + index * sizeof(PollFd), fds[index]);
  Outcome done = call(Call::ppoll, array, fds.size(), timeout < 0 ? UserAddr{0} : timespec(timeout), nullptr, 8);
  for (size_t index = 0; index < fds.size(); ++index) fds[index] = get<PollFd>(array + index * sizeof(PollFd));
  return done;
}

int Task::ready(int fd, int events) {
  std::vector<PollFd> fds{{fd, static_cast<int16_t>(events), 0}};
  poll(fds, 0);
  return fds[0].returned;
}

}  // namespace halcyon::test
