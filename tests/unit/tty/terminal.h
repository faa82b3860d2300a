// A line discipline with a keyboard and a screen for tests: type() keys, look at screen(), read() as a program would.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/tty/line_discipline.h"

namespace halcyon::test {

inline std::string drain(OutputQueue& output) {
  std::string text;
  while (!output.is_empty()) {
    std::array<std::byte, 100> bytes;
    size_t count = output.peek(bytes);
    for (size_t at = 0; at < count; ++at) text.push_back(static_cast<char>(bytes[at]));
    output.consume(count);
  }
  return text;
}

class Terminal {
 public:
  // Offers the keys as the device would: never more than there is room for. Returns how many were taken.
  size_t type(std::string_view keys) {
    size_t done = 0;
    while (done < keys.size() && discipline.room() > 0) {
      size_t count = std::min(discipline.room(), keys.size() - done);
      discipline.receive(std::as_bytes(std::span(keys.substr(done, count))));
      done += count;
    }
    return done;
  }
  // What was shown since the last look.
  std::string screen() { return drain(discipline.output()); }
  size_t write(std::string_view text) { return discipline.output().write(std::as_bytes(std::span(text))); }

  // One read(2) of up to `size` bytes.
  std::string read(size_t size = 4096) {
    std::string text(size, '\0');
    last = discipline.take(std::as_writable_bytes(std::span(text)));
    text.resize(last.count);
    return text;
  }

  Termios settings() const { return discipline.termios(); }
  template <class Change>
  void change(Change&& change) {
    Termios termios = discipline.termios();
    change(termios);
    discipline.set_termios(termios);
  }
  void set_local(uint32_t flags, bool on = true) {
    change([&](Termios& t) { t.local = on ? t.local | flags : t.local & ~flags; });
  }
  void set_input(uint32_t flags, bool on = true) {
    change([&](Termios& t) { t.input = on ? t.input | flags : t.input & ~flags; });
  }
  void set_output(uint32_t flags, bool on = true) {
    change([&](Termios& t) { t.output = on ? t.output | flags : t.output & ~flags; });
  }
  void set_character(size_t index, uint8_t c) {
    change([&](Termios& t) { t.characters[index] = c; });
  }

  LineDiscipline discipline;
  LineDiscipline::Taken last;
};

}  // namespace halcyon::test
