// RegularFile: an open regular file. Reads and writes go through the inode's page cache.
//
// Lock: after that of the offset, the inode's contents_lock (rank inode, a mutex) orders writers, so that O_APPEND finds the end and nobody
// interleaves.
#pragma once

#include "core/file/inode.h"
#include "fs/files/placed_file.h"

namespace halcyon::fs {

class RegularFile final : public PlacedFile {
 public:
  // `keeps_privileges`: the opener has CAP_FSETID, its writes leave set-user-ID bits alone.
  RegularFile(Path path, uint32_t flags, bool keeps_privileges, InodeUse use)
      : PlacedFile(std::move(path), flags), keeps_privileges_(keeps_privileges), use_(std::move(use)) {}

  Result<size_t> read_at(uint64_t offset, Sink& out) override;
  Result<size_t> write_at(uint64_t offset, Source& in) override;
  Result<size_t> append(Source& in, bool moves) override;
  bool is_pollable() const override { return false; }
  Inode* mappable() override { return inode(); }
  void allow_writes() override { use_ = InodeUse::read(*inode()); }
  // ftruncate(2): EINVAL if not open for writing, EFBIG.
  Result<> truncate(uint64_t size) override;
  Result<> allocate(Allocation how, uint64_t offset, uint64_t end) override;  // allocate.cpp; EFBIG, ENOSPC

 private:
  Result<size_t> read_locked(uint64_t* offset, Sink& out) override REQUIRES(offset_lock_) { return read_contents(offset, out); }
  Result<size_t> write_locked(uint64_t* offset, Source& in) override REQUIRES(offset_lock_) {
    return write_contents(offset, (flags() & open_flag::append) != 0, in);
  }
  Result<uint64_t> end_offset() override;
  Result<uint64_t> find_data(int64_t offset) override;
  Result<uint64_t> find_hole(int64_t offset) override;
  // Leave in *offset where the next transfer goes.
  Result<size_t> read_contents(uint64_t* offset, Sink& out);
  Result<size_t> write_contents(uint64_t* offset, bool at_end, Source& in);

  const bool keeps_privileges_;
  InodeUse use_;
};

// What a change by somebody without CAP_FSETID does to set-user-ID and, if group executable, set-group-ID (inode(7)).
Result<> drop_privileges(Inode& inode, Nanoseconds now);
// How many bytes a write at `offset` may have under RLIMIT_FSIZE and the largest offset. EFBIG (and SIGXFSZ) if none.
Result<size_t> room_for_write(uint64_t offset, size_t count);
// Sets the size of a regular file on behalf of truncate(2), O_TRUNC and ftruncate(2), which have checked permission. EFBIG.
Result<> set_file_size(Inode& inode, uint64_t size, Nanoseconds now, bool keeps_privileges);

}  // namespace halcyon::fs
