#include "hal-baremetal/drivers/screen.h"

#include <algorithm>

#include "hal-baremetal/drivers/font.h"

namespace halcyon::hal {

Screen::Screen(unsigned rows, unsigned columns) : rows_(std::clamp(rows, 1u, most_rows)), columns_(std::clamp(columns, 1u, most_columns)) {
  for (auto& row : cells_) row.fill(' ');
}

void Screen::draw_all() {
  for (unsigned row = 0; row < rows_; ++row)
    for (unsigned column = 0; column < columns_; ++column) draw(row, column, cells_[row][column], false);
  draw_cursor(true);
}

void Screen::write(std::string_view text) {
  draw_cursor(false);
  for (char c : text) take(c);
  draw_cursor(true);
}

void Screen::take(char c) {
  constexpr char escape = 27;
  switch (state_) {
    case State::escape:
      state_ = c == '[' ? State::sequence : State::text;
      numbers_ = {};
      number_count_ = 0;
      return;
    case State::sequence: return take_sequence(c);
    case State::text: break;
  }
  if (c == escape) state_ = State::escape;
  else if (static_cast<unsigned char>(c) < ' ') take_control(c);
  else put(c);
}

void Screen::take_control(char c) {
  constexpr unsigned tab_width = 8;
  switch (c) {
    case '\r': column_ = 0; break;
    case '\n': next_line(); break;
    case '\b': column_ = std::min(column_, columns_ - 1) - (column_ > 0); break;
    case '\t': column_ = std::min((column_ / tab_width + 1) * tab_width, columns_ - 1); break;
    default: break;
  }
}

// ECMA-48, 8.3. Parameters beyond the table count as the last.
void Screen::take_sequence(char c) {
  unsigned& last = numbers_[std::min<size_t>(number_count_, numbers_.size() - 1)];
  if (c >= '0' && c <= '9') {
    last = std::min(last * 10 + static_cast<unsigned>(c - '0'), 9999u);
    return;
  }
  if (c == ';') ++number_count_;
  if (static_cast<unsigned char>(c) < '@') return;  // more of the sequence
  state_ = State::text;
  auto first = static_cast<int>(numbers_[0]), distance = std::max(first, 1), second = static_cast<int>(numbers_[1]);
  switch (c) {
    case 'A': return move(-distance, 0);
    case 'B': return move(distance, 0);
    case 'C': return move(0, distance);
    case 'D': return move(0, -distance);
    case 'H': row_ = column_ = 0; return move(distance - 1, std::max(second, 1) - 1);
    case 'J': return erase_display(numbers_[0]);
    case 'K': return erase_line(numbers_[0]);
    default: return;
  }
}

void Screen::put(char c) {
  if (column_ == columns_) {
    column_ = 0;
    next_line();
  }
  set(row_, column_++, c >= first_glyph && c <= last_glyph ? c : '?');
}

void Screen::next_line() {
  if (row_ + 1 < rows_) {
    ++row_;
    return;
  }
  // Only what differs is drawn: writing to a frame buffer is slow.
  for (unsigned row = 0; row + 1 < rows_; ++row)
    for (unsigned column = 0; column < columns_; ++column) set(row, column, cells_[row + 1][column]);
  erase(rows_ - 1, 0, columns_);
}

void Screen::move(int rows, int columns) {
  auto within = [](unsigned at, int distance, unsigned end) {
    return static_cast<unsigned>(std::clamp(static_cast<int>(std::min(at, end - 1)) + distance, 0, static_cast<int>(end) - 1));
  };
  row_ = within(row_, rows, rows_);
  column_ = within(column_, columns, columns_);
}

void Screen::erase(unsigned row, unsigned from, unsigned to) {
  for (unsigned column = from; column < to; ++column) set(row, column, ' ');
}

void Screen::erase_display(unsigned what) {
  constexpr unsigned to_end = 0, to_here = 1;
  unsigned from = what == to_end ? row_ + 1 : 0, to = what == to_here ? row_ : rows_;
  for (unsigned row = from; row < to; ++row) erase(row, 0, columns_);
  if (what <= to_here) erase_line(what);
}

void Screen::erase_line(unsigned what) {
  constexpr unsigned to_end = 0, to_here = 1;
  erase(row_, what == to_end ? column_ : 0, what == to_here ? std::min(column_ + 1, columns_) : columns_);
}

void Screen::set(unsigned row, unsigned column, char letter) {
  if (cells_[row][column] == letter) return;
  cells_[row][column] = letter;
  draw(row, column, letter, false);
}

void Screen::draw_cursor(bool is_on) {
  unsigned column = std::min(column_, columns_ - 1);
  draw(row_, column, cells_[row_][column], is_on);
}

// --- pixels

FrameBufferScreen::FrameBufferScreen(std::byte* memory, unsigned width, unsigned height, size_t pitch, const PixelFormat& format)
    : Screen(height / cell_height, width / cell_width), memory_(memory), pitch_(pitch), format_(format) {
  ink_ = color(0xc0, 0xc0, 0xc0);
  paper_ = color(0, 0, 0);
  draw_all();
}

uint32_t FrameBufferScreen::color(unsigned red, unsigned green, unsigned blue) const {
  auto part = [](unsigned value, unsigned bits, unsigned shift) { return (bits >= 8 ? value : value >> (8 - bits)) << shift; };
  return part(red, format_.red_bits, format_.red_shift) | part(green, format_.green_bits, format_.green_shift) |
         part(blue, format_.blue_bits, format_.blue_shift);
}

void FrameBufferScreen::set_pixel(std::byte* at, uint32_t color) const {
  for (unsigned byte = 0; byte < format_.bytes; ++byte)
    *static_cast<volatile std::byte*>(at + byte) = static_cast<std::byte>(color >> 8 * byte);
}

// A glyph's row is two pixels high, with one above and one below the letter.
void FrameBufferScreen::draw(unsigned row, unsigned column, char letter, bool is_cursor) {
  const Glyph& glyph = glyphs[static_cast<size_t>(letter - first_glyph)];
  std::byte* line = memory_ + size_t{row} * cell_height * pitch_ + size_t{column} * cell_width * format_.bytes;
  for (unsigned y = 0; y < cell_height; ++y, line += pitch_) {
    unsigned dots = y >= 1 && y <= 2 * glyph_height ? glyph[(y - 1) / 2] : 0u;
    for (unsigned x = 0; x < cell_width; ++x) {
      bool is_dot = x >= 1 && x <= glyph_width && (dots >> (glyph_width - x) & 1);
      set_pixel(line + size_t{x} * format_.bytes, is_dot != is_cursor ? ink_ : paper_);
    }
  }
}

// --- text mode

TextModeScreen::TextModeScreen(std::byte* memory, unsigned columns, unsigned rows, size_t pitch)
    : Screen(rows, columns), memory_(memory), pitch_(pitch) {
  draw_all();
}

void TextModeScreen::draw(unsigned row, unsigned column, char letter, bool is_cursor) {
  constexpr std::byte gray_on_black{0x07}, black_on_gray{0x70};
  auto* cell = static_cast<volatile std::byte*>(memory_ + row * pitch_ + size_t{column} * 2);
  cell[0] = static_cast<std::byte>(letter);
  cell[1] = is_cursor ? black_on_gray : gray_on_black;
}

// --- the console

size_t ScreenConsole::write(std::span<const std::byte> bytes) {
  size_t count = line_ ? line_->write(bytes) : bytes.size();
  screen_.write({static_cast<const char*>(static_cast<const void*>(bytes.data())), count});
  return count;
}

WindowSize ScreenConsole::window_size() {
  if (line_) return line_->window_size();
  WindowSize size;
  size.rows = static_cast<uint16_t>(screen_.rows());
  size.columns = static_cast<uint16_t>(screen_.columns());
  return size;
}

void ScreenWriter::write(std::string_view text) {
  if (line_) line_->write(text);
  if (!screen_) return;
  for (char c : text) screen_->write(c == '\n' ? std::string_view("\r\n") : std::string_view(&c, 1));
}

}  // namespace halcyon::hal
