// FdTable: descriptor -> open file, shared by threads (CLONE_FILES). Lock: lock_ (rank fd_table). A file that leaves the table is dropped
// after the lock: its destructor may block.
#pragma once

#include "core/base/ref.h"
#include "core/base/vec.h"
#include "core/file/file.h"
#include "core/sync/spin_lock.h"

namespace halcyon {

class FdTable : public RefCounted {
 public:
  static constexpr unsigned hard_limit = 1 << 20;  // fs.nr_open

  // EBADF. The reference keeps the file open while another thread closes the descriptor.
  Result<Ref<File>> get(int fd);
  // The lowest free descriptor >= minimum. EMFILE at `limit` (RLIMIT_NOFILE), ENOMEM.
  Result<int> install(Ref<File> file, bool close_on_exec, unsigned limit, int minimum = 0);
  // dup2, dup3: replaces what is at `fd`. EBADF beyond the limit.
  Result<> install_at(int fd, Ref<File> file, bool close_on_exec, unsigned limit);
  // Takes the file out. EBADF.
  Result<Ref<File>> remove(int fd);
  Result<bool> close_on_exec(int fd);
  Result<> set_close_on_exec(int fd, bool value);

  // fork without CLONE_FILES. ENOMEM.
  Result<Ref<FdTable>> copy();
  // execve.
  void drop_close_on_exec();
  // close_range(2).
  void close_range(unsigned first, unsigned last);
  void mark_range_close_on_exec(unsigned first, unsigned last);

  // The lowest open descriptor >= fd, or -1: for /proc/PID/fd.
  int next_open(int fd);
  unsigned open_count();
  size_t size();  // slots that there are now

 private:
  struct Slot {
    Ref<File> file;
    bool close_on_exec = false;
  };
  Result<> ensure(size_t count);

  SpinLock lock_{Rank::fd_table};
  Vec<Slot> slots_;
  unsigned first_free_ = 0;  // no free slot below
};

}  // namespace halcyon
