// VirtioTransport: how a driver reaches a virtio device (Virtual I/O Device specification 1.2, chapter 4), whatever bus it is on: by
// registers in memory (MmioTransport) or by the capabilities of a PCI device (PciTransport).
#pragma once

#include <cstddef>
#include <cstdint>

namespace halcyon::hal {

// The numbers of chapter 5.
enum class VirtioType : uint32_t { none = 0, block = 2, console = 3, entropy = 4 };

// Bits of the device's status (2.1).
namespace virtio_status {
inline constexpr uint8_t acknowledged = 1, has_driver = 2, is_running = 4, features_ok = 8, needs_reset = 64, failed = 128;
}  // namespace virtio_status

class VirtioTransport {
 public:
  virtual uint8_t status() = 0;
  virtual void set_status(uint8_t status) = 0;
  // 32 bits of the features that the device offers, or that the driver wants.
  virtual uint32_t features(unsigned word) = 0;
  virtual void accept_features(unsigned word, uint32_t features) = 0;

  // How many entries a queue may have; 0: there is no such queue, or it is in use already.
  virtual uint32_t queue_limit(unsigned queue) = 0;
  struct QueuePlace {  // as the device's addresses
    uint64_t descriptors, available, used;
  };
  // False: the device does not take it.
  virtual bool enable_queue(unsigned queue, uint16_t size, const QueuePlace& place) = 0;
  // There is something new in the queue.
  virtual void notify(unsigned queue) = 0;

  // On an interrupt: acknowledges it. False: it was another device's.
  virtual bool take_interrupt() = 0;

  // The device's own configuration. The generation changes with it.
  virtual uint32_t config_generation() = 0;
  virtual uint8_t config8(size_t offset) = 0;
  virtual uint16_t config16(size_t offset) = 0;
  virtual uint32_t config32(size_t offset) = 0;

 protected:
  ~VirtioTransport() = default;
};

}  // namespace halcyon::hal
