// A screen that shows what goes over the console: lines of letters, the last at the bottom, drawn in a frame buffer or in the text memory
// of old PCs. It follows the control characters and the few escape sequences (ECMA-48) that shells use on every line; others it skips.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/print.h"
#include "hal/devices.h"

namespace halcyon::hal {

// Not locked: the console has one writer, and the kernel's own words must come through whatever stands still.
class Screen {
 public:
  static constexpr unsigned most_rows = 64, most_columns = 160;

  // Larger ones are used in part.
  Screen(unsigned rows, unsigned columns);
  void write(std::string_view text);
  unsigned rows() const { return rows_; }
  unsigned columns() const { return columns_; }
  // Row 0 is the top one.
  std::string_view text(unsigned row) const { return {cells_[row].data(), columns_}; }

 protected:
  ~Screen() = default;
  virtual void draw(unsigned row, unsigned column, char letter, bool is_cursor) = 0;
  // Everything, from the constructor of whoever can draw.
  void draw_all();

 private:
  enum class State : uint8_t { text, escape, sequence };

  void take(char c);
  void take_control(char c);
  void take_sequence(char c);
  void put(char c);
  void next_line();
  void move(int rows, int columns);
  void erase(unsigned row, unsigned from, unsigned to);
  void erase_display(unsigned what);
  void erase_line(unsigned what);
  void set(unsigned row, unsigned column, char letter);
  void draw_cursor(bool is_on);

  unsigned rows_, columns_;
  unsigned row_ = 0, column_ = 0;  // of the cursor; column_ may be columns_: the next letter begins a line
  State state_ = State::text;
  std::array<unsigned, 4> numbers_{};  // of the sequence
  unsigned number_count_ = 0;
  std::array<std::array<char, most_columns>, most_rows> cells_;
};

// Pixels in memory, of 16, 24 or 32 bits.
struct PixelFormat {
  unsigned bytes;
  uint8_t red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits;
};

class FrameBufferScreen final : public Screen {
 public:
  static constexpr unsigned cell_width = 8, cell_height = 16;
  FrameBufferScreen(std::byte* memory, unsigned width, unsigned height, size_t pitch, const PixelFormat& format);

 private:
  void draw(unsigned row, unsigned column, char letter, bool is_cursor) override;
  uint32_t color(unsigned red, unsigned green, unsigned blue) const;
  void set_pixel(std::byte* at, uint32_t color) const;

  std::byte* memory_;
  size_t pitch_;
  PixelFormat format_;
  uint32_t ink_, paper_;
};

// The text mode of VGA: a letter and its colours, a byte each.
class TextModeScreen final : public Screen {
 public:
  TextModeScreen(std::byte* memory, unsigned columns, unsigned rows, size_t pitch);

 private:
  void draw(unsigned row, unsigned column, char letter, bool is_cursor) override;

  std::byte* memory_;
  size_t pitch_;
};

// A console that also shows on a screen, or only there: then it has no input.
class ScreenConsole final : public Console {
 public:
  // `line` may be null.
  ScreenConsole(Console* line, Screen& screen) : line_(line), screen_(screen) {}
  size_t read(std::span<std::byte> buffer) override { return line_ ? line_->read(buffer) : 0; }
  size_t write(std::span<const std::byte> bytes) override;
  bool can_read() override { return line_ && line_->can_read(); }
  bool can_write() override { return !line_ || line_->can_write(); }
  bool at_end() override { return line_ && line_->at_end(); }
  bool is_broken() override { return line_ && line_->is_broken(); }
  Event& event() override { return line_ ? line_->event() : event_; }
  void want(bool input, bool output) override {
    if (line_) line_->want(input, output);
  }
  WindowSize window_size() override;

 private:
  Console* line_;
  Screen& screen_;
  Event event_;
};

// The kernel's own words, to both, as far as they are there.
class ScreenWriter final : public Writer {
 public:
  explicit ScreenWriter(Writer* line) : line_(line) {}
  void add(Screen& screen) { screen_ = &screen; }
  void write(std::string_view text) override;

 private:
  Writer* line_;
  Screen* screen_ = nullptr;
};

}  // namespace halcyon::hal
