// VirtioEntropy: the entropy device (Virtual I/O Device specification 1.2, 5.4). One buffer is always on its way: the device fills it with
// random bytes, take() hands them out, each only once, and asks for more when the last are gone.
#pragma once

#include "hal-baremetal/common/lock.h"
#include "hal-baremetal/drivers/virtio/device.h"
#include "hal/devices.h"

namespace halcyon::hal {

class VirtioEntropy final : public VirtioDevice, public EntropySource {
 public:
  VirtioEntropy(VirtioTransport& transport, DmaMemory& memory) : VirtioDevice("the entropy device", transport, memory) {}
  // Nothing on success, else why it cannot be used.
  std::string_view initialize();

  size_t take(std::span<std::byte> bytes) override;
  bool is_broken() override { return is_given_up(); }
  Event& event() override { return event_; }

  void handle_interrupt() override;

 private:
  static constexpr uint32_t buffer_size = 64;

  void request();  // under lock_
  void collect();  // under lock_

  Event event_;
  HalLock lock_;
  Virtqueue queue_;              // under lock_
  std::byte* buffer_ = nullptr;  // shared with the device
  size_t filled_ = 0;            // under lock_: what of it the device has filled
  size_t handed_out_ = 0;        // under lock_
};

}  // namespace halcyon::hal
