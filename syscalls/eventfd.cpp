// eventfd, eventfd2.
#include "core/ipc/eventfd.h"
#include "core/task/process.h"
#include "core/task/thread.h"
#include "syscalls/calls.h"

namespace halcyon {

Result<uint64_t> sys_eventfd2(Thread& self, uint32_t value, EventFlags flags) {
  constexpr uint32_t semaphore = 1;
  if (flags & ~(semaphore | open_flag::nonblock | open_flag::close_on_exec)) return err::inval;
  Ref<File> file = TRY(make_eventfd(value, (flags & semaphore) != 0, flags));
  unsigned limit = static_cast<unsigned>(std::min<uint64_t>(self.process().limit(Limit::open_files).soft, FdTable::hard_limit));
  int fd = TRY(self.files().install(std::move(file), (flags & open_flag::close_on_exec) != 0, limit));
  return static_cast<uint64_t>(fd);
}

Result<uint64_t> sys_eventfd(Thread& self, uint32_t value) { return sys_eventfd2(self, value, EventFlags{0}); }

}  // namespace halcyon
