// The NS16550 serial line and its descendants (National Semiconductor PC16550D data sheet), as a console.
//
// The interrupt's handler takes what was received out of the device into a ring, so that the device falls silent, and raises the event. The
// transmitter is only asked: write() fills its FIFO as far as it is empty, and want() lets the device interrupt when it is again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/base/print.h"
#include "hal-baremetal/common/lock.h"
#include "hal-baremetal/drivers/interrupts.h"
#include "hal-baremetal/drivers/registers.h"
#include "hal/devices.h"

namespace halcyon::hal {

class Ns16550 final : public Console, public InterruptHandler {
 public:
  // Registers lie `1 << register_shift` bytes apart.
  Ns16550(Registers& registers, unsigned register_shift) : registers_(registers), shift_(register_shift) {}
  // 8 bits, no parity, FIFOs on; the speed stays as firmware set it, unless `divisor` is not 0. False if nothing answers there. After it
  // the transmitter works; input comes once the interrupt is connected.
  bool initialize(unsigned divisor = 0);
  void enable_input();

  size_t read(std::span<std::byte> buffer) override;
  size_t write(std::span<const std::byte> bytes) override;
  bool can_read() override { return input_first_.load(std::memory_order_relaxed) != input_last_.load(std::memory_order_acquire); }
  bool can_write() override;
  bool at_end() override { return false; }
  bool is_broken() override { return is_broken_; }
  Event& event() override { return event_; }
  void want(bool input, bool output) override;
  WindowSize window_size() override { return window_size_; }
  void set_window_size(WindowSize size) { window_size_ = size; }

  void handle_interrupt() override;

  // Sends text at once, waiting for the transmitter, whatever else is going on; a line feed gets its carriage return. For the kernel's own
  // words. A transmitter that never gets ready loses them.
  void send_now(std::string_view text);

 private:
  enum Register : size_t {
    data = 0,
    interrupt_enable = 1,
    interrupt_identity = 2,  // read
    fifo_control = 2,        // written
    line_control = 3,
    modem_control = 4,
    line_status = 5,
    scratch = 7
  };
  uint8_t get(Register which) { return registers_.read8(size_t{which} << shift_); }
  void set(Register which, uint8_t value) { registers_.write8(size_t{which} << shift_, value); }
  void enable(uint8_t bits);
  void disable(uint8_t bits);
  void receive();
  void send_byte(char byte);

  static constexpr size_t fifo_size = 16, ring_size = 1024;

  Registers& registers_;
  unsigned shift_;
  bool is_broken_ = false;
  WindowSize window_size_;
  Event event_;
  // Written by the handler and by want(), on whatever CPUs.
  std::atomic<uint8_t> enabled_{0};
  std::atomic<bool> was_full_{false};  // the device was silenced because of the ring
  // The ring: the handler writes at last_, the one reader takes at first_. Both only count up.
  std::array<std::byte, ring_size> input_;
  std::atomic<size_t> input_first_{0}, input_last_{0};
};

// What the port's early console is once there is a serial line.
class SerialWriter final : public Writer {
 public:
  explicit SerialWriter(Ns16550& line) : line_(line) {}
  void write(std::string_view text) override { line_.send_now(text); }

 private:
  Ns16550& line_;
};

}  // namespace halcyon::hal
