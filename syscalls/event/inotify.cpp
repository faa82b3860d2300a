// inotify(7).
#include "core/file/watch/inotify.h"
#include "core/file/inode.h"
#include "core/task/process/credentials.h"
#include "fs/vfs/permission.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/install.h"

namespace halcyon {

namespace {

namespace watch_flag {
constexpr uint32_t only_directory = 0x01000000, dont_follow = 0x02000000, exclude_unlinked = 0x04000000, mask_create = 0x10000000,
                   mask_add = 0x20000000, one_shot = 0x80000000;
constexpr uint32_t known = event::all | event::unmount | event::overflow | event::ignored | event::is_directory | only_directory |
                           dont_follow | exclude_unlinked | mask_create | mask_add | one_shot;
}  // namespace watch_flag

Result<uint64_t> init(Thread& self, uint32_t flags) {
  if (flags & ~(open_flag::nonblock | open_flag::close_on_exec)) return err::inval;
  Ref<InotifyFile> file = TRY(InotifyFile::create(self.credentials().euid, flags & open_flag::nonblock));
  return install(self, std::move(file), flags);
}

}  // namespace

Result<uint64_t> sys_inotify_init1(Thread& self, InotifyFlags flags) { return init(self, flags); }
Result<uint64_t> sys_inotify_init(Thread& self) { return init(self, 0); }

Result<uint64_t> sys_inotify_add_watch(Thread& self, Fd fd, UserPtr<const char> path, InotifyMask mask) {
  using namespace watch_flag;
  if (mask == 0 || (mask & ~known)) return err::inval;
  Ref<InotifyFile> file = TRY(file_of_kind<InotifyFile>(self, fd));
  if ((mask & mask_add) && (mask & mask_create)) return err::inval;
  uint32_t how = (mask & dont_follow ? 0 : fs::walk_flag::follow) | (mask & only_directory ? fs::walk_flag::directory : 0);
  return with_path(self, DirFd{at_cwd}, path, [&](auto& caller, auto& start, auto text) -> Result<size_t> {
    fs::Path found = TRY(fs::resolve(caller, start, text, how));
    TRY(fs::check_access(caller.who, *found.inode(), fs::may::read));
    int number = TRY(file->add(Ref<Inode>(*found.inode()), &found.mount->file_system(), mask));
    return static_cast<size_t>(number);
  });
}

Result<uint64_t> sys_inotify_rm_watch(Thread& self, Fd fd, int number) {
  Ref<InotifyFile> file = TRY(file_of_kind<InotifyFile>(self, fd));
  return as_result(file->remove(number));
}

}  // namespace halcyon
