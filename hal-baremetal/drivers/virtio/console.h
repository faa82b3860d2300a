// VirtioConsole: the console device (Virtual I/O Device specification 1.2, 5.3), with one port: a queue of buffers that the device fills
// with input, and one of buffers that it sends. Its interrupt's handler only raises the event.
#pragma once

#include <array>

#include "hal-baremetal/common/lock.h"
#include "hal-baremetal/drivers/virtio/device.h"
#include "hal/devices.h"

namespace halcyon::hal {

class VirtioConsole final : public VirtioDevice, public Console {
 public:
  VirtioConsole(VirtioTransport& transport, DmaMemory& memory) : VirtioDevice("a console", transport, memory) {}
  // Nothing on success, else why it cannot be used.
  std::string_view initialize();

  size_t read(std::span<std::byte> buffer) override;
  // What is written to a broken one is lost.
  size_t write(std::span<const std::byte> bytes) override;
  bool can_read() override;
  bool can_write() override;
  bool at_end() override { return false; }
  bool is_broken() override { return is_given_up(); }
  Event& event() override { return event_; }
  // It always interrupts.
  void want(bool, bool) override {}
  // As the device has it, if it knows.
  WindowSize window_size() override;
  void set_window_size(WindowSize size) { window_size_ = size; }

  void handle_interrupt() override;

 private:
  static constexpr uint16_t buffers = 4;
  static constexpr uint32_t buffer_size = 256;
  enum Index : unsigned { input = 0, output = 1 };

  struct Received {
    uint8_t buffer;
    uint32_t size;
  };

  std::byte* place_of(unsigned index, uint8_t buffer) const { return memory_ + (index * buffers + buffer) * buffer_size; }
  bool offer(unsigned index, uint8_t buffer, uint32_t size);  // under lock_, as what follows
  bool has_input();
  bool has_room();
  void check();

  Event event_;
  HalLock lock_;
  WindowSize window_size_;
  std::array<Virtqueue, 2> queues_;                                          // under lock_, as what follows
  std::array<std::array<uint8_t, Virtqueue::most_entries>, 2> buffer_of_{};  // by chain
  std::byte* memory_ = nullptr;                                              // all buffers, shared with the device
  Received received_{};                                                      // the buffer that read() hands out...
  uint32_t handed_out_ = 0;                                                  // ...up to here; all of it: none
  uint8_t free_output_ = 0;                                                  // bit per buffer
};

}  // namespace halcyon::hal
