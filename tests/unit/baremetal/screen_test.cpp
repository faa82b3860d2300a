#include "hal-baremetal/drivers/screen.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hal-baremetal/drivers/font.h"

namespace halcyon::hal {
namespace {

std::string trimmed(std::string_view text) { return std::string(text.substr(0, text.find_last_not_of(' ') + 1)); }

// Memory just as large as the text mode needs, so that a sanitizer sees what is written beyond.
struct TextMode {
  TextMode(unsigned columns, unsigned rows) : pitch(columns * 2), memory(pitch * rows), screen(memory.data(), columns, rows, pitch) {}
  std::string shown(unsigned row) const {
    std::string text;
    for (size_t at = row * pitch; at < (row + 1) * pitch; at += 2) text += static_cast<char>(memory[at]);
    return trimmed(text);
  }
  bool has_cursor(unsigned row, unsigned column) const { return memory[row * pitch + column * 2 + 1] == std::byte{0x70}; }
  size_t pitch;
  std::vector<std::byte> memory;
  TextModeScreen screen;
};

TEST(Screen, ShowsLinesAndTheCursor) {
  TextMode text(10, 3);
  EXPECT_TRUE(text.has_cursor(0, 0));
  text.screen.write("one\r\ntwo");
  EXPECT_EQ(text.shown(0), "one");
  EXPECT_EQ(text.shown(1), "two");
  EXPECT_FALSE(text.has_cursor(0, 0));
  EXPECT_TRUE(text.has_cursor(1, 3));
  EXPECT_EQ(trimmed(text.screen.text(1)), "two");
}

TEST(Screen, ScrollsAndWraps) {
  TextMode text(4, 2);
  text.screen.write("1\r\n2\r\n3");
  EXPECT_EQ(text.shown(0), "2");
  EXPECT_EQ(text.shown(1), "3");
  // A full line is left only by the next letter.
  text.screen.write("\r\nabcd");
  EXPECT_EQ(text.shown(0), "3");
  text.screen.write("e");
  EXPECT_EQ(text.shown(0), "abcd");
  EXPECT_EQ(text.shown(1), "e");
}

TEST(Screen, FollowsControlCharactersAndSequences) {
  TextMode text(20, 4);
  text.screen.write("hellp\b \bo\r\na\tb\x07");
  EXPECT_EQ(text.shown(0), "hello");
  EXPECT_EQ(text.shown(1), "a       b");
  text.screen.write("\x1b[1;3HXY\x1b[K");
  EXPECT_EQ(text.shown(0), "heXY");
  text.screen.write("\x1b[4D\x1b[B?\x1b[1;31mred\x1b[0m");
  EXPECT_EQ(text.shown(1), "?red    b");
  text.screen.write("\x1b[H\x1b[J");
  for (unsigned row = 0; row < 4; ++row) EXPECT_EQ(text.shown(row), "");
  EXPECT_TRUE(text.has_cursor(0, 0));
  text.screen.write("12345\x1b[3D\x1b[1K");
  EXPECT_EQ(text.shown(0), "   45");
}

TEST(Screen, TakesAnything) {
  TextMode text(7, 3);
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (const char* each :
       {"\x1b[99999;99999H", "\x1b[A", "\x1b[99A", "\x1b[;;;;;;;;5H", "\x1b[?25l", "\x1b", "[", "\x1b[1", "J", "\b\b\b\b\b\b\b\b\b\b"}) {
    text.screen.write(each);
    text.screen.write(all);
    for (unsigned number = 0; number < 5; ++number)
      text.screen.write("\x1b[" + std::to_string(number) + "J\x1b[" + std::to_string(number) + "K x");
  }
}

TEST(Screen, DrawsLettersInPixels) {
  constexpr unsigned width = 35, height = 33, bytes = 4;
  constexpr size_t pitch = 160;
  std::vector<std::byte> memory(pitch * height, std::byte{0x55});
  FrameBufferScreen screen(memory.data(), width, height, pitch, {bytes, 16, 8, 8, 8, 0, 8});
  EXPECT_EQ(screen.columns(), 4u);
  EXPECT_EQ(screen.rows(), 2u);
  screen.write("\r\n AZ");
  for (unsigned row = 0; row < glyph_height; ++row)
    for (unsigned dot = 0; dot < glyph_width; ++dot) {
      size_t at = (FrameBufferScreen::cell_height + 1 + 2 * row) * pitch + (FrameBufferScreen::cell_width + 1 + dot) * bytes;
      bool is_dot = glyphs['A' - ' '][row] >> (glyph_width - 1 - dot) & 1;
      EXPECT_EQ(memory[at], is_dot ? std::byte{0xc0} : std::byte{0}) << row << ' ' << dot;
      EXPECT_EQ(memory[at + pitch], memory[at]);
    }
  // What is no whole cell is left alone.
  EXPECT_EQ(memory[32 * pitch], std::byte{0x55});
  EXPECT_EQ(memory[33 * bytes], std::byte{0x55});
}

TEST(Screen, KnowsSixteenBitPixels) {
  std::vector<std::byte> memory(16 * 16);
  FrameBufferScreen screen(memory.data(), 8, 16, 16, {2, 11, 5, 5, 6, 0, 5});
  // The cursor is a block of ink: 0xc0 in 5, 6 and 5 bits.
  EXPECT_EQ(static_cast<unsigned>(memory[0]) | static_cast<unsigned>(memory[1]) << 8, 0x18u << 11 | 0x30u << 5 | 0x18u);
}

TEST(ScreenConsole, WorksWithoutALine) {
  TextMode text(20, 3);
  ScreenConsole console(nullptr, text.screen);
  std::string_view words = "hi\r\n";
  EXPECT_EQ(console.write(std::as_bytes(std::span(words))), words.size());
  EXPECT_EQ(text.shown(0), "hi");
  std::byte buffer[4];
  EXPECT_EQ(console.read(buffer), 0u);
  EXPECT_FALSE(console.can_read());
  EXPECT_TRUE(console.can_write());
  EXPECT_FALSE(console.at_end());
  EXPECT_EQ(console.window_size().columns, 20);
  EXPECT_EQ(console.window_size().rows, 3);
  ScreenWriter writer(nullptr);
  writer.write("nowhere");
  writer.add(text.screen);
  writer.write("a\nb");
  EXPECT_EQ(text.shown(1), "a");
  EXPECT_EQ(text.shown(2), "b");
}

}  // namespace
}  // namespace halcyon::hal
