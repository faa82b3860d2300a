#include "core/file/fd_table.h"

#include "core/base/lock_guard.h"
#include "core/file/watch/directory_notices.h"
#include "core/task/kernel.h"

namespace halcyon {

// The process's locks went when it exited.
FdTable::~FdTable() {
  for (Slot& slot : slots_)
    if (slot.file && slot.file->has_notices()) end_directory_notices(*slot.file, this);
}

void FdTable::closed(File& file) const {
  if (file.has_notices()) end_directory_notices(file, this);
  PerCpu& cpu = per_cpu();
  if (cpu.kernel && cpu.kernel->file_locks().has_any()) cpu.kernel->file_locks().drop_process(cpu.current->process().pid(), &file);
}

Result<Ref<File>> FdTable::get(int fd) {
  LockGuard guard(lock_);
  if (fd < 0 || static_cast<size_t>(fd) >= slots_.size()) return err::badf;
  const Ref<File>& file = slots_[static_cast<size_t>(fd)].file;
  if (!file) return err::badf;
  return file;
}

// Under lock_. Vec grows by allocation only, which a spin lock permits.
Result<> FdTable::ensure(size_t count) {
  if (count <= slots_.size()) return {};
  if (count > slots_.capacity()) {
    TRY(slots_.reserve(std::max<size_t>({count, slots_.capacity() * 2, 16})));
  }
  TRY(taken_.resize(count));
  return slots_.resize(count);
}

void FdTable::set_free(size_t fd) {
  taken_.free(fd);
  first_free_ = std::min(first_free_, fd);
}

// Under lock_. The slot is there, and the caller takes it.
Result<size_t> FdTable::find_free(unsigned limit, size_t minimum) {
  size_t fd = taken_.next_free(std::max(first_free_, minimum));
  if (fd >= limit) return err::mfile;
  TRY(ensure(fd + 1));
  taken_.take(fd);
  if (minimum <= first_free_) first_free_ = fd + 1;
  return fd;
}

Result<int> FdTable::install(Ref<File> file, bool close_on_exec, unsigned limit, int minimum) {
  if (minimum < 0) return err::inval;
  LockGuard guard(lock_);
  size_t fd = TRY(find_free(limit, static_cast<size_t>(minimum)));
  slots_[fd].file = std::move(file);
  slots_[fd].close_on_exec = close_on_exec;
  return static_cast<int>(fd);
}

Result<int> FdTable::reserve(unsigned limit) {
  LockGuard guard(lock_);
  size_t fd = TRY(find_free(limit, 0));
  slots_[fd].is_reserved = true;
  return static_cast<int>(fd);
}

void FdTable::fill(int fd, Ref<File> file, bool close_on_exec) {
  LockGuard guard(lock_);
  Slot& slot = slots_[static_cast<size_t>(fd)];
  slot.is_reserved = false;
  slot.file = std::move(file);
  slot.close_on_exec = close_on_exec;
}

void FdTable::release(int fd) {
  LockGuard guard(lock_);
  slots_[static_cast<size_t>(fd)].is_reserved = false;
  set_free(static_cast<size_t>(fd));
}

Result<> FdTable::install_at(int fd, Ref<File> file, bool close_on_exec, unsigned limit) {
  if (fd < 0 || static_cast<unsigned>(fd) >= limit) return err::badf;
  {
    LockGuard guard(lock_);
    TRY(ensure(static_cast<size_t>(fd) + 1));
    Slot& slot = slots_[static_cast<size_t>(fd)];
    if (slot.is_reserved) return err::busy;
    taken_.take(static_cast<size_t>(fd));
    std::swap(slot.file, file);
    slot.close_on_exec = close_on_exec;
  }
  if (file) closed(*file);
  return {};
}

Result<Ref<File>> FdTable::remove(int fd) {
  Ref<File> file;
  {
    LockGuard guard(lock_);
    if (fd < 0 || static_cast<size_t>(fd) >= slots_.size()) return err::badf;
    Slot& slot = slots_[static_cast<size_t>(fd)];
    if (!slot.file) return err::badf;
    set_free(static_cast<size_t>(fd));
    slot.close_on_exec = false;
    file = std::move(slot.file);
  }
  closed(*file);
  return file;
}

Result<bool> FdTable::close_on_exec(int fd) {
  LockGuard guard(lock_);
  if (fd < 0 || static_cast<size_t>(fd) >= slots_.size() || !slots_[static_cast<size_t>(fd)].file) return err::badf;
  return slots_[static_cast<size_t>(fd)].close_on_exec;
}

Result<> FdTable::set_close_on_exec(int fd, bool value) {
  LockGuard guard(lock_);
  if (fd < 0 || static_cast<size_t>(fd) >= slots_.size() || !slots_[static_cast<size_t>(fd)].file) return err::badf;
  slots_[static_cast<size_t>(fd)].close_on_exec = value;
  return {};
}

Result<Ref<FdTable>> FdTable::copy() {
  Ref<FdTable> copy = TRY(make_ref<FdTable>());
  copy->lock_.assert_unshared();
  LockGuard guard(lock_);
  size_t count = slots_.size();
  while (count > 0 && !slots_[count - 1].file) --count;
  TRY(copy->ensure(count));
  // What is reserved here is free in the copy.
  for (size_t fd = taken_.next_taken(0); fd < count; fd = taken_.next_taken(fd + 1)) {
    if (!slots_[fd].file) continue;
    copy->slots_[fd].file = slots_[fd].file;
    copy->slots_[fd].close_on_exec = slots_[fd].close_on_exec;
    copy->taken_.take(fd);
  }
  return copy;
}

void FdTable::drop_close_on_exec() {
  for (int fd = next_open(0); fd >= 0; fd = next_open(fd + 1)) {
    auto marked = close_on_exec(fd);
    if (marked && *marked) static_cast<void>(remove(fd));
  }
}

void FdTable::close_range(unsigned first, unsigned last) {
  if (first > INT32_MAX) return;
  for (int fd = next_open(static_cast<int>(first)); fd >= 0 && static_cast<unsigned>(fd) <= last; fd = next_open(fd + 1))
    static_cast<void>(remove(fd));
}

void FdTable::mark_range_close_on_exec(unsigned first, unsigned last) {
  if (first > INT32_MAX) return;
  for (int fd = next_open(static_cast<int>(first)); fd >= 0 && static_cast<unsigned>(fd) <= last; fd = next_open(fd + 1))
    static_cast<void>(set_close_on_exec(fd, true));
}

int FdTable::next_open(int fd) {
  LockGuard guard(lock_);
  for (size_t index = static_cast<size_t>(std::max(fd, 0)); (index = taken_.next_taken(index)) < slots_.size(); ++index)
    if (slots_[index].file) return static_cast<int>(index);
  return -1;
}

unsigned FdTable::open_count() {
  LockGuard guard(lock_);
  unsigned count = 0;
  for (const Slot& slot : slots_) count += slot.file ? 1 : 0;
  return count;
}

size_t FdTable::size() {
  LockGuard guard(lock_);
  return slots_.size();
}

}  // namespace halcyon
