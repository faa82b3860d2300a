// FdTable: descriptor -> open file, shared by threads (CLONE_FILES). Lock: lock_ (rank fd_table). A file that leaves the table is dropped
// after the lock: its destructor may block. With a descriptor go the process's record locks on the file, and the notices asked for through
// the table.
#pragma once

#include "core/base/annotations.h"
#include "core/base/ref.h"
#include "core/base/vec.h"
#include "core/file/fd_bits.h"
#include "core/file/file.h"
#include "core/sync/spin_lock.h"

namespace halcyon {

class alignas(64) FdTable : public RefCounted {
 public:
  ~FdTable();

  static constexpr unsigned hard_limit = 1 << 20;  // fs.nr_open

  // EBADF. The reference keeps the file open while another thread closes the descriptor.
  Result<Ref<File>> get(int fd);
  // The same for the length of one call of a thread whose table this is. While nobody shares the table the descriptor cannot be closed
  // meanwhile, so neither lock nor reference is needed: others only look into a table, and hold it while they do.
  class Borrowed;
  Result<Borrowed> borrow(int fd);
  // The lowest free descriptor >= minimum. EMFILE at `limit` (RLIMIT_NOFILE), ENOMEM.
  Result<int> install(Ref<File> file, bool close_on_exec, unsigned limit, int minimum = 0);
  // dup2, dup3: replaces what is at `fd`. EBADF beyond the limit; EBUSY: it is reserved.
  Result<> install_at(int fd, Ref<File> file, bool close_on_exec, unsigned limit);
  // For a call that tells the descriptor before it knows that it will succeed: the lowest free one, which nobody else gets and nobody sees
  // until the same call fills or releases it. EMFILE, ENOMEM.
  Result<int> reserve(unsigned limit);
  void fill(int fd, Ref<File> file, bool close_on_exec);
  void release(int fd);
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
    bool is_reserved = false;
  };
  Result<> ensure(size_t count) REQUIRES(lock_);
  void closed(File& file) const;
  Result<size_t> find_free(unsigned limit, size_t minimum) REQUIRES(lock_);
  void set_free(size_t fd) REQUIRES(lock_);

  SpinLock lock_{Rank::fd_table};
  Vec<Slot> slots_ GUARDED_BY(lock_);
  FdBits taken_ GUARDED_BY(lock_);           // the slots that are not free
  size_t first_free_ GUARDED_BY(lock_) = 0;  // none below
};

class FdTable::Borrowed {
 public:
  Borrowed() = default;
  explicit Borrowed(File& file) : file_(&file) {}
  explicit Borrowed(Ref<File> file) : file_(file.get()), counted_(std::move(file)) {}
  File* operator->() const { return file_; }
  File& operator*() const { return *file_; }

 private:
  File* file_ = nullptr;
  Ref<File> counted_;  // unless the table holds it for us
};

inline Result<FdTable::Borrowed> FdTable::borrow(int fd) {
  if (reference_count() != 1) {
    Ref<File> file = TRY(get(fd));
    return Borrowed(std::move(file));
  }
  std::atomic_thread_fence(std::memory_order_acquire);  // what the last who shared it did
  lock_.assert_unshared();
  if (fd < 0 || static_cast<size_t>(fd) >= slots_.size()) return err::badf;
  File* file = slots_[static_cast<size_t>(fd)].file.get();
  if (!file) return err::badf;
  return Borrowed(*file);
}

}  // namespace halcyon
