// OutputQueue: what a terminal is still to show. Written bytes and echoes pass through output processing (termios(3), c_oflag) on their way
// in; the device takes them out at the other end. It knows the cursor's column, which tabs and their erasing need.
//
// A plain class with a fixed buffer, without locks: Tty guards it. Echoes may use the whole buffer, writers leave them a reserve; an echo
// that does not fit is lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace halcyon {

// A byte that continues a UTF-8 sequence takes no column.
constexpr bool is_utf8_continuation(uint8_t c) { return (c & 0xc0) == 0x80; }
constexpr bool is_control(uint8_t c) { return c < 0x20 || c == 0x7f; }

class OutputQueue {
 public:
  static constexpr size_t capacity = 8192;
  static constexpr size_t echo_reserve = 1024;
  static constexpr unsigned tab_width = 8;  // also the most that one byte can become

  // The flags of Termios that count here.
  void configure(uint32_t output_flags, bool is_utf8) {
    flags_ = output_flags;
    is_utf8_ = is_utf8;
  }

  // Takes bytes that a program writes and returns how many; fewer when the queue is full.
  size_t write(std::span<const std::byte> bytes);
  // A byte of the discipline's own, processed like a written one.
  void echo(uint8_t c) { process(c); }
  // A byte that goes out as it is.
  void put(uint8_t c);

  unsigned column() const { return column_; }
  size_t size() const { return head_ - tail_; }
  bool is_empty() const { return head_ == tail_; }
  // How many bytes write() takes at least.
  size_t room() const;

  // Copies the oldest bytes, as many as there are and fit, and returns their number.
  size_t peek(std::span<std::byte> buffer) const;
  void consume(size_t count) { tail_ += count; }
  void clear() { tail_ = head_; }

 private:
  void process(uint8_t c);
  void newline();
  void tab();

  std::array<std::byte, capacity> bytes_;
  size_t head_ = 0, tail_ = 0;  // count up for ever; modulo capacity they are positions
  unsigned column_ = 0;
  uint32_t flags_ = 0;
  bool is_utf8_ = false;
};

}  // namespace halcyon
