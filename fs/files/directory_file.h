// DirectoryFile: an open directory. Its offset is a position of Inode::list moved up by two, for "." and "..".
#pragma once

#include "fs/files/placed_file.h"

namespace halcyon::fs {

class DirectoryFile final : public PlacedFile {
 public:
  using PlacedFile::PlacedFile;
  Result<size_t> read_at(uint64_t, Sink&) override { return err::isdir; }
  Result<size_t> write_at(uint64_t, Source&) override { return err::badf; }
  bool is_pollable() const override { return false; }
  // ENOENT once the directory was removed.
  Result<> list(DirectoryVisitor& visitor) override;

 private:
  // EINVAL but for file systems whose directories count as empty files.
  Result<uint64_t> end_offset() override;
  uint64_t parent_number();
};

}  // namespace halcyon::fs
