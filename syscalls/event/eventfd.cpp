// eventfd, eventfd2.
#include "core/ipc/eventfd.h"
#include "syscalls/calls.h"
#include "syscalls/install.h"

namespace halcyon {

Result<uint64_t> sys_eventfd2(Thread& self, uint32_t value, EventFlags flags) {
  constexpr uint32_t semaphore = 1;
  if (flags & ~(semaphore | open_flag::nonblock | open_flag::close_on_exec)) return err::inval;
  Ref<File> file = TRY(make_eventfd(value, (flags & semaphore) != 0, flags));
  return install(self, std::move(file), flags);
}

Result<uint64_t> sys_eventfd(Thread& self, uint32_t value) { return sys_eventfd2(self, value, EventFlags{0}); }

}  // namespace halcyon
