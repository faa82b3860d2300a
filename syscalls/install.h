// Giving a new open file a descriptor.
#pragma once

#include "core/file/fd_table.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"

namespace halcyon {

// One more than the highest descriptor that the process may have (RLIMIT_NOFILE).
inline unsigned fd_limit(Thread& self) {
  uint64_t limit = self.process().limit(Limit::open_files).soft;
  return static_cast<unsigned>(std::min<uint64_t>(limit, FdTable::hard_limit));
}

// The lowest free descriptor. `flags` counts for O_CLOEXEC only. EMFILE, ENOMEM.
inline Result<uint64_t> install(Thread& self, Ref<File> file, uint32_t flags) {
  int fd = TRY(self.files().install(std::move(file), (flags & open_flag::close_on_exec) != 0, fd_limit(self)));
  return static_cast<uint64_t>(fd);
}

}  // namespace halcyon
