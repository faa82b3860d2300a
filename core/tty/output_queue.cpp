// Output processing: one byte in, up to eight out.
#include "core/tty/output_queue.h"

#include <algorithm>

#include "core/tty/termios.h"

namespace halcyon {

size_t OutputQueue::room() const {
  size_t used = size() + echo_reserve;
  if (used >= capacity) return 0;
  size_t free = capacity - used;
  return (flags_ & tty_output::process) != 0 ? free / tab_width : free;
}

size_t OutputQueue::write(std::span<const std::byte> bytes) {
  size_t done = 0;
  while (done < bytes.size() && size() + tab_width + echo_reserve <= capacity) process(std::to_integer<uint8_t>(bytes[done++]));
  return done;
}

void OutputQueue::put(uint8_t c) {
  if (size() < capacity) bytes_[head_++ % capacity] = std::byte{c};
}

size_t OutputQueue::peek(std::span<std::byte> buffer) const {
  size_t count = std::min(buffer.size(), size());
  for (size_t at = 0; at < count; ++at) buffer[at] = bytes_[(tail_ + at) % capacity];
  return count;
}

void OutputQueue::newline() {
  if (flags_ & tty_output::nl_to_crnl) put('\r');
  if (flags_ & (tty_output::nl_to_crnl | tty_output::nl_returns)) column_ = 0;
  put('\n');
}

void OutputQueue::tab() {
  unsigned spaces = tab_width - column_ % tab_width;
  column_ += spaces;
  if ((flags_ & tty_output::tab_mask) != tty_output::expand_tabs) return put('\t');
  while (spaces-- > 0) put(' ');
}

void OutputQueue::process(uint8_t c) {
  if ((flags_ & tty_output::process) == 0) return put(c);
  switch (c) {
    case '\n': return newline();
    case '\t': return tab();
    case '\r':
      if ((flags_ & tty_output::no_cr_at_0) && column_ == 0) return;
      if (flags_ & tty_output::cr_to_nl) {
        if (flags_ & tty_output::nl_returns) column_ = 0;
        return put('\n');
      }
      column_ = 0;
      return put(c);
    case '\b':
      if (column_ > 0) --column_;
      return put(c);
    default:
      if (!is_control(c) && !(is_utf8_ && is_utf8_continuation(c))) ++column_;
      return put(c);
  }
}

}  // namespace halcyon
