// Disk: a block device and its page cache, through which every open description of it and every mapping goes (/dev/vda).
//
// A transfer is a request on the stack of the thread that waits for it. The device's event wakes all who wait; each looks whether its own
// request is settled. A device that does not answer is given up after a time, and then everything fails with EIO.
//
// What was written stays in the cache until fsync(2), until the last description goes, or until there is much of it.
#pragma once

#include <atomic>

#include "core/file/inode.h"
#include "core/mm/cache/page_cache.h"
#include "core/sync/wait_queue.h"
#include "core/task/kernel.h"
#include "fs/devfs/device.h"
#include "hal/devices.h"

namespace halcyon::fs {

class Disk final : public Inode, public Device, private PageSource {
 public:
  // Disk number `index`, from 0 on: vda, vdb... The device outlives it.
  Disk(Kernel& kernel, hal::BlockDevice& device, unsigned index);

  uint64_t size() const { return cache_.size(); }
  uint32_t block_size() const { return device_.block_size(); }

  // --- Device
  std::string_view node_name() const override { return {name_.data(), name_.size()}; }
  Result<Ref<File>> open(uint32_t flags) override;
  Inode* contents() override { return this; }
  bool is_read_only() const override { return device_.is_read_only(); }

  // --- Inode: what mappings of the disk are mappings of.
  FileType type() const override { return FileType::block_device; }
  Result<Attributes> attributes() override;
  Result<> change(const AttributeChange&) override { return err::perm; }
  Ownership ownership() override { return {0600, 0, 0}; }
  PageCache* page_cache() override { return &cache_; }
  // Both Inode's and Device's: writes what is dirty to the device, and has it keep that. EIO.
  Result<> sync() override;

  // --- for its open descriptions
  void note_open() { descriptions_.fetch_add(1, std::memory_order_relaxed); }
  // With the last one, what is dirty is written to the device.
  void note_close();
  // Copies all of the source, which must end within the disk, to `offset` on; returns the bytes copied. EIO, ENOMEM.
  Result<size_t> write(uint64_t offset, Source& in);
  // Writes what is dirty to the device, which may keep it back itself. EIO.
  Result<> write_back();

 private:
  struct Handler : EventHandler {
    Disk* disk = nullptr;
  };
  using Parts = std::span<const hal::BlockRequest::Part>;

  // --- PageSource
  Result<> fill(uint64_t index, std::span<std::byte* const> pages) override;
  Result<> write_back(uint64_t offset, std::span<const std::byte> bytes) override;

  Result<> transfer(hal::BlockRequest::Kind kind, uint64_t offset, Parts parts);
  Result<> run(hal::BlockRequest& request);

  Kernel& kernel_;
  hal::BlockDevice& device_;
  std::array<char, 3> name_;
  PageCache cache_;
  WaitQueue waiters_;
  Handler handler_;
  std::atomic<unsigned> descriptions_{0};
  std::atomic<uint64_t> unwritten_{0};  // bytes, about
};

}  // namespace halcyon::fs
