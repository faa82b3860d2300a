// unshare(2): parts of a thread's surroundings of its own from now on.
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"

namespace halcyon {

// Namespaces are not there: EINVAL, as Linux says when it is built without them. Nor are lists of semaphores to undo, so that CLONE_SYSVSEM
// finds nothing to part with.
Result<uint64_t> sys_unshare(Thread& self, CloneFlags flags) {
  constexpr uint64_t vm = 0x100, fs = 0x200, files = 0x400, sighand = 0x800, thread = 0x10000, sysvsem = 0x40000;
  if (flags & ~(vm | fs | files | sighand | thread | sysvsem)) return err::inval;
  // What these stand for cannot be parted; they ask whether it is one's own already.
  if ((flags & (thread | sighand | vm)) && self.process().live_threads.load() > 1) return err::inval;
  if ((flags & (sighand | vm)) && self.actions().reference_count() > 1) return err::inval;
  if ((flags & vm) && self.memory().reference_count() > 1) return err::inval;
  Ref<FsContext> own_fs;
  Ref<FdTable> own_files;
  if ((flags & fs) && self.fs().reference_count() > 1) own_fs = TRY(self.fs().copy());
  if ((flags & files) && self.files().reference_count() > 1) own_files = TRY(self.files().copy());
  if (own_fs) self.replace_fs(std::move(own_fs));
  if (own_files) self.replace_files(std::move(own_files));
  return 0;
}

}  // namespace halcyon
