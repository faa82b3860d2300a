// What F_SETFL of fcntl(2) and FIOASYNC of ioctl(2) have in common.
#pragma once

#include "core/task/kernel.h"
#include "core/task/thread.h"
#include "fs/vfs/permission.h"

namespace halcyon {

// Changes the description's flags; O_ASYNC begins and ends signal-driven I/O through `fd`. EPERM (O_NOATIME of another's file), ENOMEM.
inline Result<> set_flags(Thread& self, File& file, int fd, uint32_t flags) {
  if (flags & ~file.flags() & open_flag::no_atime) {
    Inode* inode = file.inode();
    if (inode && !fs::is_owner(self.credentials(), inode->ownership())) return err::perm;
  }
  bool wants = (flags & open_flag::async) != 0, has = (file.flags() & open_flag::async) != 0;
  if (file.has_async() && wants != has) {
    AsyncFiles& async = self.kernel().async_files();
    if (!wants) async.disarm(file);
    else TRY(async.arm(file, fd));
  }
  file.change_flags(flags);
  return {};
}

}  // namespace halcyon
