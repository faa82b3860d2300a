// VirtioDevice: what the drivers of all virtio devices have in common: the handshake by which a device comes to life (Virtual I/O Device
// specification 1.2, 3.1), its queues, and what is done about one that breaks the rules: it is reset, and not used any more.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "hal-baremetal/drivers/dma_memory.h"
#include "hal-baremetal/drivers/interrupts.h"
#include "hal-baremetal/drivers/virtio/transport.h"
#include "hal-baremetal/drivers/virtio/virtqueue.h"

namespace halcyon::hal {

class VirtioDevice : public InterruptHandler {
 public:
  bool is_given_up() const { return is_given_up_.load(std::memory_order_relaxed); }

 protected:
  // `name` is what messages call it.
  VirtioDevice(std::string_view name, VirtioTransport& transport, DmaMemory& memory)
      : name_(name), transport_(transport), memory_(memory) {}
  ~VirtioDevice() = default;

  // Up to the agreement on features: of `wanted` (bits as in the specification) and VERSION_1, which must be there, features() has what the
  // device offers too. Like the next, returns nothing on success, else what is wrong, and the device is marked as failed.
  std::string_view begin(uint64_t wanted);
  // Queue `index`, with at most `size` entries (a power of two) and at least `least`.
  std::string_view add_queue(unsigned index, uint16_t size, uint16_t least, Virtqueue& queue);
  // From now on the device works.
  void start();
  std::string_view refuse(std::string_view why);

  uint64_t features() const { return features_; }
  // A number of the device's configuration of which both halves are from the same moment.
  uint64_t config64(size_t offset);

  void notify(unsigned index, const Virtqueue& queue) {
    if (queue.wants_notification()) transport_.notify(index);
  }
  // The device broke the rules, or has not answered for too long: says so, once, and resets it, so that it touches no memory any more.
  void give_up(std::string_view why);

  VirtioTransport& transport() { return transport_; }
  DmaMemory& memory() { return memory_; }

 private:
  bool reset();
  void add_status(uint8_t bits) { transport_.set_status(transport_.status() | bits); }

  std::string_view name_;
  VirtioTransport& transport_;
  DmaMemory& memory_;
  uint64_t features_ = 0;
  std::atomic<bool> is_given_up_{false};
};

}  // namespace halcyon::hal
