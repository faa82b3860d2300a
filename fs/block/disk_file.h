// DiskFile: an open description of a disk. Its size is the disk's, and stays; reads and writes end there.
//
// Lock: offset_lock_ (rank inode, a mutex) makes read, write and lseek at the shared offset atomic.
#pragma once

#include "core/sync/mutex.h"
#include "fs/block/disk.h"

namespace halcyon::fs {

class DiskFile final : public File {
 public:
  DiskFile(Ref<Disk> disk, uint32_t flags) : File(flags), disk_(std::move(disk)) { disk_->note_open(); }
  ~DiskFile() override { disk_->note_close(); }

  Result<size_t> read(Sink& out) override;
  Result<size_t> write(Source& in) override;
  Result<size_t> read_at(uint64_t offset, Sink& out) override;
  // EPERM on a disk for reading only; ENOSPC at its end.
  Result<size_t> write_at(uint64_t offset, Source& in) override;
  Result<uint64_t> seek(int64_t offset, Whence whence) override;
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

  Ref<Disk> disk_;
  Mutex offset_lock_{Rank::open_file};
  uint64_t offset_ = 0;  // under offset_lock_
};

}  // namespace halcyon::fs
