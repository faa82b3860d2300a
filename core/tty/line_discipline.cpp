// The way of a byte: strip, flow control, signals, mapping of CR and NL, then the line's editor or plain storing.
#include "core/tty/line_discipline.h"

#include <algorithm>
#include <utility>

namespace halcyon {
namespace {

constexpr size_t hold_input_below = 128;     // IXOFF: room at which the terminal is asked to stop
constexpr size_t release_input_below = 128;  // bytes left at which it may go on

}  // namespace

void LineDiscipline::set_termios(const Termios& termios) {
  bool changes_mode = ((termios.local ^ termios_.local) & tty_local::canonical) != 0;
  termios_ = termios;
  termios_.line = 0;
  output_.configure(termios.output, has_input(tty_input::utf8));
  if (changes_mode) {
    for (size_t at = tail_; at != head_; ++at) cell(at) &= 0xff;
    line_ = head_;
    if (head_ != tail_) cell(head_ - 1) |= line_end;
    is_erasing_ = false;
  }
  if (!has_input(tty_input::flow_output)) stopped_by_key_ = false;
}

size_t LineDiscipline::room() const {
  size_t used = head_ - tail_;
  size_t per_byte = has_input(tty_input::mark_parity) ? 2 : 1;
  if (used + per_byte <= line_limit) return (line_limit - used) / per_byte;
  // A line that is too long is cut, but never without a chance to end it.
  return is_canonical() && line_ == tail_ ? 1 : 0;
}

void LineDiscipline::receive(std::span<const std::byte> bytes) {
  for (std::byte byte : bytes) receive_byte(std::to_integer<uint8_t>(byte));
  update_input_flow();
}

void LineDiscipline::receive_byte(uint8_t c) {
  if (has_input(tty_input::strip)) c &= 0x7f;
  if (std::exchange(is_literal_next_, false)) {
    finish_erasing();
    return store(c);
  }
  if (handle_flow(c) || handle_signal(c)) return;
  if (c == '\r') {
    if (has_input(tty_input::ignore_cr)) return;
    if (has_input(tty_input::cr_to_nl)) {
      c = '\n';
      // Outside canonical mode Linux shows such a newline as one, but a typed one as ^J.
      if (!is_canonical()) {
        if (has_local(tty_local::echo)) output_.echo(c);
        return put(c);
      }
    }
  } else if (c == '\n' && has_input(tty_input::nl_to_cr)) {
    c = '\r';
  }
  if (is_canonical()) {
    if (handle_editing(c)) return;
    finish_erasing();
    if (handle_line_end(c)) return;
  }
  store(c);
}

// A byte that restarts output by IXANY is input all the same.
bool LineDiscipline::handle_flow(uint8_t c) {
  if (!has_input(tty_input::flow_output)) return false;
  if (is_character(tty_char::start, c)) {
    stopped_by_key_ = false;
    return true;
  }
  if (is_character(tty_char::stop, c)) {
    stopped_by_key_ = true;
    return true;
  }
  if (has_input(tty_input::any_restarts)) stopped_by_key_ = false;
  return false;
}

bool LineDiscipline::handle_signal(uint8_t c) {
  if (!has_local(tty_local::signals)) return false;
  int signal = is_character(tty_char::interrupt, c) ? sig::intr
               : is_character(tty_char::quit, c)    ? sig::quit
               : is_character(tty_char::suspend, c) ? sig::tstp
                                                    : 0;
  if (signal == 0) return false;
  if (!has_local(tty_local::no_flush)) {
    flush_input();
    output_.clear();
  }
  signals_.add(signal);
  stopped_by_key_ = false;
  if (has_local(tty_local::echo)) echo_character(c);
  return true;
}

bool LineDiscipline::handle_editing(uint8_t c) {
  bool is_extended = has_local(tty_local::extended);
  if (is_character(tty_char::erase, c)) return erase(Erase::character), true;
  if (is_character(tty_char::kill, c)) return erase(Erase::line), true;
  if (is_extended && is_character(tty_char::word_erase, c)) return erase(Erase::word), true;
  if (is_extended && is_character(tty_char::literal_next, c)) {
    is_literal_next_ = true;
    if (has_local(tty_local::echo) && has_local(tty_local::echo_control)) {
      finish_erasing();
      output_.put('^');
      output_.put('\b');
    }
    return true;
  }
  if (is_extended && has_local(tty_local::echo) && is_character(tty_char::reprint, c)) return reprint(), true;
  return false;
}

bool LineDiscipline::handle_line_end(uint8_t c) {
  bool is_end2 = has_local(tty_local::extended) && is_character(tty_char::end_of_line2, c);
  if (c == '\n') {
    if (has_local(tty_local::echo) || has_local(tty_local::echo_nl)) output_.echo('\n');
    put(static_cast<uint16_t>('\n' | line_end));
  } else if (is_character(tty_char::end_of_file, c)) {
    put(end_of_file | line_end);
  } else if (is_end2 || is_character(tty_char::end_of_line, c)) {
    if (has_local(tty_local::echo)) echo_stored(c);
    put(static_cast<uint16_t>(c | line_end));
  } else {
    return false;
  }
  line_ = head_;
  return true;
}

void LineDiscipline::store(uint8_t c) {
  if (has_local(tty_local::echo)) echo_stored(c);
  if (c == 0xff && has_input(tty_input::mark_parity) && !has_input(tty_input::strip)) put(c);
  put(c);
}

// The last cell is kept for the end of a line that is too long.
void LineDiscipline::put(uint16_t value) {
  size_t limit = (value & line_end) != 0 ? cell_count : line_limit;
  if (head_ - tail_ < limit) cell(head_++) = value;
}

size_t LineDiscipline::available() const {
  size_t end = is_canonical() ? line_ : head_;
  size_t count = end - tail_;
  if (is_canonical())
    for (size_t at = tail_; at != end; ++at) count -= (cell(at) & end_of_file) != 0;
  return count;
}

LineDiscipline::Taken LineDiscipline::take(std::span<std::byte> buffer) {
  Taken taken;
  size_t end = is_canonical() ? line_ : head_;
  while (tail_ != end && !taken.ends_line) {
    uint16_t value = cell(tail_);
    // An end of file right behind a read that its bytes fill belongs to that read.
    if (taken.count == buffer.size() && !(is_canonical() && taken.count > 0 && (value & end_of_file))) break;
    ++tail_;
    if (!is_canonical()) {
      buffer[taken.count++] = std::byte(value & 0xff);
      continue;
    }
    if (!(value & end_of_file)) buffer[taken.count++] = std::byte(value & 0xff);
    taken.ends_line = (value & line_end) != 0;
  }
  update_input_flow();
  return taken;
}

void LineDiscipline::flush_input() {
  tail_ = line_ = head_;
  is_literal_next_ = is_erasing_ = false;
  update_input_flow();
}

SignalSet LineDiscipline::take_signals() { return std::exchange(signals_, SignalSet()); }

void LineDiscipline::update_input_flow() {
  size_t used = head_ - tail_;
  if (!input_held_ && has_input(tty_input::flow_input) && used + hold_input_below > line_limit) {
    input_held_ = true;
    output_.put(character(tty_char::stop));
  } else if (input_held_ && used < release_input_below) {
    input_held_ = false;
    output_.put(character(tty_char::start));
  }
}

}  // namespace halcyon
