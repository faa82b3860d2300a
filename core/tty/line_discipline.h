// LineDiscipline: what happens between a terminal's keys and a program's read, whole as termios(3) describes it and where it is silent as
// Linux does it. Bytes of the device go in by receive(); lines, or plain bytes, come out by take(), echoes through the OutputQueue, signals
// by take_signals().
//
// A plain class with fixed buffers, without threads, locks or heap: Tty guards and drives it. Flow control against the device is the
// caller's: it offers no more than room() bytes, so nothing is lost but what the limit on a line's length discards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/task/signal/signal.h"
#include "core/tty/output_queue.h"
#include "core/tty/termios.h"

namespace halcyon {

class LineDiscipline {
 public:
  // A line of canonical input has at most this many bytes, its end not counted; without ICANON the queue has.
  static constexpr size_t line_limit = 4095;

  LineDiscipline() { set_termios(Termios()); }

  const Termios& termios() const { return termios_; }
  // Takes effect at once for bytes to come; of those that wait, canonical mode makes a line and other modes plain bytes (tcsetattr(3)).
  void set_termios(const Termios& termios);

  // How many bytes may be offered to receive() now. 0 means that a program must read first.
  size_t room() const;
  // Processes bytes from the device, at most room().
  void receive(std::span<const std::byte> bytes);

  // A read would find something: a complete line, or any byte without ICANON.
  bool is_readable() const { return is_canonical() ? line_ != tail_ : head_ != tail_; }
  // FIONREAD: bytes that reads would return, ends of file not counted.
  size_t available() const;

  struct Taken {
    size_t count = 0;
    bool ends_line = false;  // canonical: the line is finished (with count 0: an end of file), the read must not go on to the next
  };
  // Moves input to `buffer`: from one line in canonical mode, else what there is.
  Taken take(std::span<std::byte> buffer);
  // TCFLSH and signals: forgets the input that nobody has read.
  void flush_input();

  // The signals that keys asked for since the last call, for the foreground process group.
  SignalSet take_signals();

  OutputQueue& output() { return output_; }
  // Output is held back: by VSTOP, or by TCXONC.
  bool is_output_stopped() const { return stopped_by_key_ || stopped_by_call_; }
  // tcflow(3) TCOOFF, TCOON.
  void stop_output(bool stop) { stopped_by_call_ = stop; }

  bool is_canonical() const { return has_local(tty_local::canonical); }
  uint8_t character(size_t index) const { return termios_.characters[index]; }

 private:
  // One byte of input with what is known about it.
  static constexpr uint16_t line_end = 0x100;     // the last of a line
  static constexpr uint16_t end_of_file = 0x200;  // no byte at all: VEOF was typed here
  static constexpr size_t cell_count = line_limit + 1;
  uint16_t& cell(size_t position) { return cells_[position % cell_count]; }
  uint16_t cell(size_t position) const { return cells_[position % cell_count]; }
  uint8_t byte(size_t position) const { return static_cast<uint8_t>(cell(position) & 0xff); }

  bool has_input(uint32_t flag) const { return (termios_.input & flag) != 0; }
  bool has_local(uint32_t flag) const { return (termios_.local & flag) != 0; }
  // The control character at `index` is enabled and is `c`.
  bool is_character(size_t index, uint8_t c) const { return c != 0 && character(index) == c; }

  void receive_byte(uint8_t c);
  bool handle_flow(uint8_t c);
  bool handle_signal(uint8_t c);
  bool handle_editing(uint8_t c);
  bool handle_line_end(uint8_t c);
  void store(uint8_t c);
  void put(uint16_t value);
  void update_input_flow();

  // line_edit.cpp
  enum class Erase : uint8_t { character, word, line };
  void erase(Erase what);
  size_t start_of_character(size_t end) const;
  void show_erased(size_t start, size_t end, Erase what);
  void finish_erasing();
  unsigned column_of(size_t position) const;
  void reprint();
  void echo_character(uint8_t c);
  void echo_stored(uint8_t c);

  Termios termios_;
  std::array<uint16_t, cell_count> cells_;
  // Positions in cells_, which count up for ever: [tail_, line_) complete lines, [line_, head_) the line being edited. Without ICANON line_
  // means nothing.
  size_t head_ = 0, line_ = 0, tail_ = 0;
  unsigned line_column_ = 0;  // where the line being edited begins on the screen
  bool is_literal_next_ = false;
  bool is_erasing_ = false;  // ECHOPRT: inside \.../
  bool stopped_by_key_ = false;
  bool stopped_by_call_ = false;
  bool input_held_ = false;  // IXOFF: VSTOP was sent to the terminal
  SignalSet signals_;
  OutputQueue output_;
};

}  // namespace halcyon
