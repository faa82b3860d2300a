// DirectoryFile: an open directory. Its offset is a position of Inode::list moved up by two, for "." and "..".
//
// Lock: lock_ protects the position. A mutex of the first rank, for a listing of /proc goes on to take the process tree's.
#pragma once

#include "core/sync/mutex.h"
#include "fs/files/placed_file.h"

namespace halcyon::fs {

class DirectoryFile final : public PlacedFile {
 public:
  using PlacedFile::PlacedFile;
  Result<size_t> read(Sink&) override { return err::isdir; }
  Result<size_t> write(Source&) override { return err::badf; }
  Result<size_t> read_at(uint64_t, Sink&) override { return err::isdir; }
  Result<size_t> write_at(uint64_t, Source&) override { return err::badf; }
  Result<uint64_t> seek(int64_t offset, Whence whence) override;
  bool is_pollable() const override { return false; }
  // ENOENT once the directory was removed.
  Result<> list(DirectoryVisitor& visitor) override;

 private:
  uint64_t parent_number();

  Mutex lock_{Rank::open_file};
  uint64_t position_ = 0;  // under lock_
};

}  // namespace halcyon::fs
