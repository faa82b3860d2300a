// SeekableFile: base of open files that have an offset of their own (lseek(2)): where it is kept, and how read, write and lseek move it. A
// file that derives from it says how to read and write at an offset (read_at, write_at), and what lseek has to know of its contents.
//
// Lock: offset_lock_, Linux's f_pos_lock: a mutex of the first rank, for what is read or listed with it held may take any other lock. It
// makes read, write and lseek of all who share the description atomic with respect to each other.
#pragma once

#include "core/base/annotations.h"
#include "core/file/file.h"
#include "core/sync/mutex.h"

namespace halcyon {

inline constexpr uint64_t max_offset = INT64_MAX;

class SeekableFile : public File {
 public:
  using File::File;

  Result<size_t> read(Sink& out) override;
  Result<size_t> write(Source& in) override;
  // EINVAL for a result below zero or beyond largest_offset, and for a whence that the file has no answer to; ENXIO.
  Result<uint64_t> seek(int64_t offset, Whence whence) override;

 protected:
  // Move bytes at *offset, and leave in it where the next transfer goes.
  virtual Result<size_t> read_locked(uint64_t* offset, Sink& out) REQUIRES(offset_lock_);
  virtual Result<size_t> write_locked(uint64_t* offset, Source& in) REQUIRES(offset_lock_);
  // What SEEK_END counts from. EINVAL: the file has no end, or nobody knows it.
  virtual Result<uint64_t> end_offset() { return err::inval; }
  // SEEK_DATA, SEEK_HOLE: where the next data, or hole, begins at or behind `offset`. ENXIO: there is none; EINVAL: the file cannot tell.
  virtual Result<uint64_t> find_data(int64_t offset) { return static_cast<void>(offset), err::inval; }
  virtual Result<uint64_t> find_hole(int64_t offset) { return static_cast<void>(offset), err::inval; }
  virtual uint64_t largest_offset() { return max_offset; }

  Mutex offset_lock_{Rank::open_file};
  uint64_t offset_ GUARDED_BY(offset_lock_) = 0;

 private:
  Result<uint64_t> target_of(int64_t offset, Whence whence) REQUIRES(offset_lock_);
};

}  // namespace halcyon
