// VirtioBlock: the block device (Virtual I/O Device specification 1.2, 5.2). A request is a chain of a header that the device reads, the
// parts of memory, and a byte in which it leaves its answer. The interrupt's handler only raises the event: chains are taken back by
// settle(), so that the lock is never taken in a handler.
#pragma once

#include <array>

#include "hal-baremetal/common/lock.h"
#include "hal-baremetal/drivers/virtio/device.h"
#include "hal/devices.h"

namespace halcyon::hal {

class VirtioBlock final : public VirtioDevice, public BlockDevice {
 public:
  VirtioBlock(VirtioTransport& transport, DmaMemory& memory) : VirtioDevice("a disk", transport, memory) {}
  // Nothing on success, else why it cannot be used.
  std::string_view initialize();

  uint64_t sector_count() override { return sectors_; }
  uint32_t block_size() override { return block_size_; }
  uint32_t most_parts() override { return most_parts_; }
  bool is_read_only() override { return is_read_only_; }
  bool submit(BlockRequest& request) override;
  void settle() override;
  void give_up() override;
  Event& event() override { return event_; }

  void handle_interrupt() override;

 private:
  static constexpr unsigned most_slots = 8, parts_limit = 16;
  // What the device sees of a request besides its parts (5.2.6).
  struct Header {
    uint32_t kind, reserved;
    uint64_t sector;
    uint8_t answer;
  };

  std::string_view read_limits();
  bool is_possible(const BlockRequest& request) const;
  bool offer(unsigned slot, BlockRequest& request);  // under lock_
  void abandon(std::string_view why);                // under lock_

  uint64_t sectors_ = 0;
  uint32_t block_size_ = sector_size, most_parts_ = 0;
  bool is_read_only_ = false, can_flush_ = false;
  Event event_;
  HalLock lock_;
  Virtqueue queue_;                                         // under lock_
  Header* headers_ = nullptr;                               // one per slot, shared with the device
  std::array<BlockRequest*, most_slots> requests_{};        // under lock_: by slot; null: it is free
  std::array<uint8_t, Virtqueue::most_entries> slot_of_{};  // under lock_: by chain
};

}  // namespace halcyon::hal
