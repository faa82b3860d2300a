#include "hal-baremetal/drivers/ns16550.h"

#include <algorithm>

namespace halcyon::hal {
namespace {

// Interrupt enable.
constexpr uint8_t received_data = 1, transmitter_empty = 2;
// Interrupt identity.
constexpr uint8_t nothing_pending = 1;
// FIFO control: on, an interrupt from the first byte on. They are not emptied: somebody may have typed ahead.
constexpr uint8_t fifos_on = 1;
// Line control.
constexpr uint8_t eight_bits = 3, divisor_latch = 0x80;
// Modem control: DTR, RTS, and OUT2, which on PCs lets interrupts through.
constexpr uint8_t ready = 1 | 2 | 8;
// Line status.
constexpr uint8_t data_ready = 1, holding_empty = 0x20;

// A line at 300 baud needs 33 ms for a byte; a register access takes at least some 10 ns.
constexpr unsigned send_patience = 10'000'000;

}  // namespace

bool Ns16550::initialize(unsigned divisor) {
  set(interrupt_enable, 0);
  set(scratch, 0x5a);
  if (get(scratch) != 0x5a) return false;
  if (divisor != 0) {
    set(line_control, eight_bits | divisor_latch);
    set(data, static_cast<uint8_t>(divisor));
    set(interrupt_enable, static_cast<uint8_t>(divisor >> 8));
  }
  set(line_control, eight_bits);
  set(fifo_control, fifos_on);
  set(modem_control, ready);
  return true;
}

void Ns16550::enable(uint8_t bits) { set(interrupt_enable, enabled_.fetch_or(bits) | bits); }

void Ns16550::disable(uint8_t bits) {
  auto rest = static_cast<uint8_t>(~bits);
  set(interrupt_enable, enabled_.fetch_and(rest) & rest);
}

void Ns16550::enable_input() { enable(received_data); }

size_t Ns16550::read(std::span<std::byte> buffer) {
  size_t first = input_first_.load(std::memory_order_relaxed);
  size_t count = std::min(buffer.size(), input_last_.load(std::memory_order_acquire) - first);
  for (size_t index = 0; index < count; ++index) buffer[index] = input_[(first + index) % ring_size];
  input_first_.store(first + count, std::memory_order_release);
  if (count > 0 && was_full_.exchange(false)) enable(received_data);
  return count;
}

bool Ns16550::can_write() { return is_broken_ || (get(line_status) & holding_empty) != 0; }

size_t Ns16550::write(std::span<const std::byte> bytes) {
  if (is_broken_) return bytes.size();
  size_t count = 0;
  while (count < bytes.size() && (get(line_status) & holding_empty)) {
    size_t burst = std::min(bytes.size() - count, fifo_size);
    for (size_t index = 0; index < burst; ++index) set(data, static_cast<uint8_t>(bytes[count + index]));
    count += burst;
  }
  return count;
}

void Ns16550::want(bool, bool output) {
  if (output) enable(transmitter_empty);
}

// With a full ring the rest stays in the device, which then does not interrupt, until read() has made room.
void Ns16550::receive() {
  size_t last = input_last_.load(std::memory_order_relaxed);
  // A device that always claims to have more must not hold the CPU here for good.
  for (size_t count = 0; count < ring_size && (get(line_status) & data_ready); ++count) {
    if (last - input_first_.load(std::memory_order_acquire) == ring_size) break;
    input_[last % ring_size] = static_cast<std::byte>(get(data));
    input_last_.store(++last, std::memory_order_release);
  }
  if (last - input_first_.load(std::memory_order_acquire) < ring_size) return;
  disable(received_data);
  was_full_.store(true);
  // A reader that came in between has not seen that it has to let the device go on.
  if (last - input_first_.load() < ring_size && was_full_.exchange(false)) enable(received_data);
}

void Ns16550::handle_interrupt() {
  if (get(interrupt_identity) & nothing_pending) return;
  receive();
  // The transmitter interrupts once for each want().
  if (enabled_.load() & transmitter_empty) disable(transmitter_empty);
  event_.raise();
}

void Ns16550::send_byte(char byte) {
  if (is_broken_) return;
  for (unsigned tries = 0; !(get(line_status) & holding_empty); ++tries) {
    if (tries < send_patience) continue;
    is_broken_ = true;
    return;
  }
  set(data, static_cast<uint8_t>(byte));
}

void Ns16550::send_now(std::string_view text) {
  for (char byte : text) {
    if (byte == '\n') send_byte('\r');
    send_byte(byte);
  }
}

}  // namespace halcyon::hal
