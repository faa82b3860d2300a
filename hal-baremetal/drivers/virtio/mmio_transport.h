// MmioTransport: a virtio device whose registers lie in memory (Virtual I/O Device specification 1.2, 4.2), where the device tree says.
#pragma once

#include <string_view>

#include "hal-baremetal/drivers/registers.h"
#include "hal-baremetal/drivers/virtio/transport.h"

namespace halcyon::hal {

class MmioTransport final : public VirtioTransport {
 public:
  explicit MmioTransport(Registers& registers) : registers_(registers) {}
  // What is there: a place may be empty (VirtioType::none). Nothing on success, else what is wrong.
  std::string_view identify(VirtioType* type);

  uint8_t status() override;
  void set_status(uint8_t status) override;
  uint32_t features(unsigned word) override;
  void accept_features(unsigned word, uint32_t features) override;
  uint32_t queue_limit(unsigned queue) override;
  bool enable_queue(unsigned queue, uint16_t size, const QueuePlace& place) override;
  void notify(unsigned queue) override;
  bool take_interrupt() override;
  uint32_t config_generation() override;
  uint8_t config8(size_t offset) override;
  uint16_t config16(size_t offset) override;
  uint32_t config32(size_t offset) override;

 private:
  void write_address(size_t low_half, uint64_t address);

  Registers& registers_;
};

}  // namespace halcyon::hal
