// PciTransport: a virtio device on PCI (Virtual I/O Device specification 1.2, 4.1): capabilities say where in its windows the registers of
// each kind lie.
#pragma once

#include <string_view>

#include "hal-baremetal/drivers/pci/configuration.h"
#include "hal-baremetal/drivers/registers.h"
#include "hal-baremetal/drivers/virtio/transport.h"

namespace halcyon::hal {

// What a function is; `none` if it is no virtio device, or one of a kind that does not exist.
VirtioType identify_virtio(PciFunction& function);

class PciTransport final : public VirtioTransport {
 public:
  // After the function was enabled. Nothing on success, else what is wrong. `by_messages`: its interrupts are the function's first message,
  // and nobody else's.
  std::string_view initialize(PciPlatform& platform, PciFunction& function, bool by_messages);

  uint8_t status() override;
  void set_status(uint8_t status) override;
  uint32_t features(unsigned word) override;
  void accept_features(unsigned word, uint32_t features) override;
  uint32_t queue_limit(unsigned queue) override;
  bool enable_queue(unsigned queue, uint16_t size, const QueuePlace& place) override;
  void notify(unsigned queue) override;
  bool take_interrupt() override;
  uint32_t config_generation() override;
  // 0 beyond the end.
  uint8_t config8(size_t offset) override;
  uint16_t config16(size_t offset) override;
  uint32_t config32(size_t offset) override;

 private:
  static constexpr unsigned most_queues = 8;
  struct Area {
    Registers* registers = nullptr;
    uint32_t size = 0;
  };

  Area find_area(PciPlatform& platform, PciFunction& function, uint8_t kind, uint32_t least);
  void write_address(size_t low_half, uint64_t address);
  bool has_config(size_t offset, size_t size) const { return offset + size <= config_.size; }

  Area common_, notifications_, interrupts_, config_;
  uint32_t notify_step_ = 0;
  size_t notify_at_[most_queues] = {};  // by queue
  bool by_messages_ = false;
};

}  // namespace halcyon::hal
