// The line's editor: erasing characters, words and lines, and what the screen is made to show of it.
#include <utility>

#include "core/tty/line_discipline.h"

namespace halcyon {
namespace {

// Letters beyond ASCII are those of Latin-1, or the first bytes of UTF-8 sequences.
bool is_word(uint8_t c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0xc0; }

}  // namespace

// Where the character that ends before `end` begins; `end` itself if the line has only the rest of one.
size_t LineDiscipline::start_of_character(size_t end) const {
  size_t start = end - 1;
  if (!has_input(tty_input::utf8)) return start;
  while (start != line_ && is_utf8_continuation(byte(start))) --start;
  return is_utf8_continuation(byte(start)) ? end : start;
}

void LineDiscipline::erase(Erase what) {
  if (head_ == line_) return;
  bool has_echo = has_local(tty_local::echo);
  if (what == Erase::line) {
    bool shows_erasing = has_local(tty_local::echo_kill) && has_local(tty_local::echo_kill_erase) && has_local(tty_local::echo_erase);
    if (!has_echo || !shows_erasing) {
      head_ = line_;
      if (!has_echo) return;
      finish_erasing();
      echo_character(character(tty_char::kill));
      if (has_local(tty_local::echo_kill)) output_.echo('\n');
      return;
    }
  }
  bool seen_word = false;
  while (head_ != line_) {
    size_t start = start_of_character(head_);
    if (start == head_) break;
    if (what == Erase::word) {
      bool in_word = is_word(byte(start));
      if (seen_word && !in_word) break;
      seen_word = in_word;
    }
    size_t end = std::exchange(head_, start);
    if (has_echo) show_erased(start, end, what);
    if (what == Erase::character) break;
  }
  if (head_ == line_) finish_erasing();
}

// The cells [start, end) have just left the line.
void LineDiscipline::show_erased(size_t start, size_t end, Erase what) {
  uint8_t c = byte(start);
  if (has_local(tty_local::echo_print)) {
    if (!std::exchange(is_erasing_, true)) output_.echo('\\');
    echo_character(c);
    for (size_t at = start + 1; at != end; ++at) output_.echo(byte(at));
    return;
  }
  if (what == Erase::character && !has_local(tty_local::echo_erase)) return echo_character(character(tty_char::erase));
  if (c == '\t') {
    unsigned before = column_of(start);
    for (size_t width = OutputQueue::tab_width - before % OutputQueue::tab_width; width > 0; --width) output_.echo('\b');
    return;
  }
  unsigned width = !is_control(c) ? 1 : has_local(tty_local::echo_control) ? 2 : 0;
  for (; width > 0; --width)
    for (uint8_t shown : {'\b', ' ', '\b'}) output_.echo(shown);
}

void LineDiscipline::finish_erasing() {
  if (std::exchange(is_erasing_, false)) output_.echo('/');
}

// The screen's column in front of `position` of the line being edited.
unsigned LineDiscipline::column_of(size_t position) const {
  unsigned column = line_column_;
  for (size_t at = line_; at != position; ++at) {
    uint8_t c = byte(at);
    if (c == '\t') column += OutputQueue::tab_width - column % OutputQueue::tab_width;
    else if (is_control(c)) column += has_local(tty_local::echo_control) ? 2 : 0;
    else if (!has_input(tty_input::utf8) || !is_utf8_continuation(c)) ++column;
  }
  return column;
}

void LineDiscipline::reprint() {
  finish_erasing();
  echo_character(character(tty_char::reprint));
  output_.echo('\n');
  line_column_ = output_.column();
  for (size_t at = line_; at != head_; ++at) echo_character(byte(at));
}

void LineDiscipline::echo_character(uint8_t c) {
  if (!has_local(tty_local::echo_control) || !is_control(c) || c == '\t') return output_.echo(c);
  output_.echo('^');
  output_.echo(c ^ 0100);
}

// Echoes a byte that joins the line, before it does.
void LineDiscipline::echo_stored(uint8_t c) {
  if (head_ == line_) line_column_ = output_.column();
  echo_character(c);
}

}  // namespace halcyon
