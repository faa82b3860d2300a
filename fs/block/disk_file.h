// DiskFile: an open description of a disk. Its size is the disk's, and stays; reads and writes end there.
#pragma once

#include "core/file/seekable_file.h"
#include "fs/block/disk.h"

namespace halcyon::fs {

class DiskFile final : public SeekableFile {
 public:
  DiskFile(Ref<Disk> disk, uint32_t flags) : SeekableFile(flags), disk_(std::move(disk)) { disk_->note_open(); }
  ~DiskFile() override { disk_->note_close(); }

  Result<size_t> read_at(uint64_t offset, Sink& out) override;
  // EPERM on a disk for reading only; ENOSPC at its end.
  Result<size_t> write_at(uint64_t offset, Source& in) override;
  bool is_pollable() const override { return false; }
  Result<uint64_t> control(Thread& self, uint32_t request, uint64_t argument) override;
  Inode* mappable() override { return disk_.get(); }
  bool takes_mapped_writes() override { return !disk_->is_read_only(); }
  Result<> allocate(Allocation, uint64_t, uint64_t) override { return err::opnotsupp; }
  Result<> sync() override { return disk_->sync(); }

 private:
  // O_DIRECT moves whole blocks.
  bool is_misaligned(uint64_t offset, size_t size) const {
    return (flags() & open_flag::direct) && ((offset | size) & (disk_->block_size() - 1)) != 0;
  }

  Result<uint64_t> end_offset() override { return disk_->size(); }
  uint64_t largest_offset() override { return disk_->size(); }

  Ref<Disk> disk_;
};

}  // namespace halcyon::fs
