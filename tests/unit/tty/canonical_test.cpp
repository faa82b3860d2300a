// Canonical input: lines, their ends, their length, end of file.
#include <gtest/gtest.h>

#include "tests/unit/tty/terminal.h"

namespace halcyon::test {
namespace {

TEST(Canonical, NothingIsReadableBeforeTheLineEnds) {
  Terminal terminal;
  terminal.type("abc");
  EXPECT_FALSE(terminal.discipline.is_readable());
  EXPECT_EQ(terminal.discipline.available(), 0u);
  EXPECT_EQ(terminal.read(), "");
}

TEST(Canonical, ALineIncludesItsNewline) {
  Terminal terminal;
  terminal.type("abc\n");
  EXPECT_TRUE(terminal.discipline.is_readable());
  EXPECT_EQ(terminal.discipline.available(), 4u);
  EXPECT_EQ(terminal.read(), "abc\n");
  EXPECT_TRUE(terminal.last.ends_line);
  EXPECT_FALSE(terminal.discipline.is_readable());
}

TEST(Canonical, AReadReturnsOneLine) {
  Terminal terminal;
  terminal.type("one\ntwo\n");
  EXPECT_EQ(terminal.read(), "one\n");
  EXPECT_EQ(terminal.read(), "two\n");
}

TEST(Canonical, AShortReadLeavesTheRestOfTheLine) {
  Terminal terminal;
  terminal.type("abcdef\n");
  EXPECT_EQ(terminal.read(3), "abc");
  EXPECT_FALSE(terminal.last.ends_line);
  EXPECT_EQ(terminal.discipline.available(), 4u);
  EXPECT_EQ(terminal.read(3), "def");
  EXPECT_EQ(terminal.read(3), "\n");
  EXPECT_TRUE(terminal.last.ends_line);
}

TEST(Canonical, EndOfFileOnAnEmptyLineReadsNothing) {
  Terminal terminal;
  terminal.type("\x04");
  EXPECT_TRUE(terminal.discipline.is_readable());
  EXPECT_EQ(terminal.discipline.available(), 0u);
  EXPECT_EQ(terminal.read(), "");
  EXPECT_TRUE(terminal.last.ends_line);
  EXPECT_FALSE(terminal.discipline.is_readable());
}

TEST(Canonical, EndOfFileAfterBytesMakesThemReadable) {
  Terminal terminal;
  terminal.type("ab\x04");
  EXPECT_EQ(terminal.read(), "ab");
  EXPECT_FALSE(terminal.discipline.is_readable());
}

TEST(Canonical, EndOfFileBehindAFullBufferBelongsToThatRead) {
  Terminal terminal;
  terminal.type("abc\x04");
  EXPECT_EQ(terminal.read(3), "abc");
  EXPECT_TRUE(terminal.last.ends_line);
  EXPECT_FALSE(terminal.discipline.is_readable());
}

TEST(Canonical, EndOfFileStaysForTheReadThatIsNotFilled) {
  Terminal terminal;
  terminal.type("abc\x04");
  EXPECT_EQ(terminal.read(2), "ab");
  EXPECT_EQ(terminal.read(2), "c");
  EXPECT_FALSE(terminal.discipline.is_readable());
}

TEST(Canonical, TwoEndsOfFileAreTwoReads) {
  Terminal terminal;
  terminal.type("\x04\x04");
  EXPECT_EQ(terminal.read(), "");
  EXPECT_TRUE(terminal.discipline.is_readable());
  EXPECT_EQ(terminal.read(), "");
  EXPECT_FALSE(terminal.discipline.is_readable());
}

TEST(Canonical, EndOfFileIsNotEchoed) {
  Terminal terminal;
  terminal.type("\x04");
  EXPECT_EQ(terminal.screen(), "");
}

TEST(Canonical, ADisabledEndOfFileIsAByte) {
  Terminal terminal;
  terminal.set_character(tty_char::end_of_file, 0);
  terminal.type("\x04\n");
  EXPECT_EQ(terminal.read(), "\x04\n");
}

TEST(Canonical, ANulByteDoesNotMatchDisabledCharacters) {
  Terminal terminal;
  terminal.set_local(tty_local::echo, false);
  terminal.type(std::string_view("a\0b\n", 4));
  EXPECT_EQ(terminal.read(), std::string("a\0b\n", 4));
}

TEST(Canonical, EolEndsALine) {
  Terminal terminal;
  terminal.set_character(tty_char::end_of_line, ';');
  terminal.type("ab;");
  EXPECT_EQ(terminal.screen(), "ab;");
  EXPECT_EQ(terminal.read(), "ab;");
}

TEST(Canonical, Eol2EndsALineOnlyWithIexten) {
  Terminal terminal;
  terminal.set_character(tty_char::end_of_line2, '!');
  terminal.type("ab!");
  EXPECT_EQ(terminal.read(), "ab!");
  terminal.set_local(tty_local::extended, false);
  terminal.type("ab!");
  EXPECT_FALSE(terminal.discipline.is_readable());
  terminal.type("\n");
  EXPECT_EQ(terminal.read(), "ab!\n");
}

TEST(Canonical, ALineIsCutAt4095Bytes) {
  Terminal terminal;
  EXPECT_EQ(terminal.type(std::string(5000, 'x') + "\n"), 5001u);
  EXPECT_EQ(terminal.discipline.available(), 4096u);
  EXPECT_EQ(terminal.read(5000), std::string(4095, 'x') + "\n");
}

TEST(Canonical, ALongLineIsStillEditedAndEchoed) {
  Terminal terminal;
  terminal.type(std::string(4095, 'x'));
  terminal.screen();
  terminal.type("y");
  EXPECT_EQ(terminal.screen(), "y");
  terminal.type("\x7f\x7fz\n");
  EXPECT_EQ(terminal.read(5000), std::string(4093, 'x') + "z\n");
}

TEST(Canonical, SignalsWorkOnALongLine) {
  Terminal terminal;
  terminal.type(std::string(4200, 'x') + "\x03");
  EXPECT_TRUE(terminal.discipline.take_signals().has(sig::intr));
}

TEST(Canonical, TypeAheadOfLinesIsLimitedNotLost) {
  Terminal terminal;
  std::string line = std::string(99, 'x') + "\n";
  std::string all;
  for (int i = 0; i < 50; ++i) all += line;
  size_t taken = terminal.type(all);
  EXPECT_LT(taken, all.size());
  EXPECT_EQ(terminal.discipline.room(), 0u);
  EXPECT_EQ(terminal.read(), line);
  EXPECT_EQ(terminal.discipline.room(), 100u);
}

TEST(Canonical, ReadingALongLineInPieces) {
  Terminal terminal;
  terminal.type(std::string(4000, 'x') + "\n");
  std::string all;
  do all += terminal.read(7);
  while (!terminal.last.ends_line);
  EXPECT_EQ(all, std::string(4000, 'x') + "\n");
}

TEST(Canonical, PositionsWrapAround) {
  Terminal terminal;
  for (int i = 0; i < 2000; ++i) {
    std::string line = std::to_string(i) + " some text\n";
    terminal.type(line);
    terminal.screen();
    ASSERT_EQ(terminal.read(), line);
  }
}

TEST(Canonical, FlushForgetsLinesAndTheOneBeingTyped) {
  Terminal terminal;
  terminal.type("one\ntw");
  terminal.discipline.flush_input();
  EXPECT_FALSE(terminal.discipline.is_readable());
  terminal.type("o\n");
  EXPECT_EQ(terminal.read(), "o\n");
}

TEST(Canonical, AvailableDoesNotCountEndsOfFile) {
  Terminal terminal;
  terminal.type(
      "a\x04"
      "bc\n"
      "\x04");
  EXPECT_EQ(terminal.discipline.available(), 4u);
}

TEST(ModeChange, TypedBytesBecomeReadableWithoutIcanon) {
  Terminal terminal;
  terminal.type("abc");
  terminal.set_local(tty_local::canonical, false);
  EXPECT_TRUE(terminal.discipline.is_readable());
  EXPECT_EQ(terminal.read(), "abc");
}

TEST(ModeChange, PlainBytesBecomeALine) {
  Terminal terminal;
  terminal.set_local(tty_local::canonical, false);
  terminal.type("abc");
  terminal.set_local(tty_local::canonical);
  EXPECT_TRUE(terminal.discipline.is_readable());
  EXPECT_EQ(terminal.read(), "abc");
  EXPECT_TRUE(terminal.last.ends_line);
}

TEST(ModeChange, APendingEndOfFileBecomesANulByte) {
  Terminal terminal;
  terminal.type("a\x04");
  terminal.set_local(tty_local::canonical, false);
  EXPECT_EQ(terminal.read(), std::string("a\0", 2));
}

TEST(ModeChange, OtherFlagsLeaveInputAlone) {
  Terminal terminal;
  terminal.type("one\ntw");
  terminal.set_local(tty_local::echo, false);
  EXPECT_EQ(terminal.read(), "one\n");
  EXPECT_FALSE(terminal.discipline.is_readable());
  terminal.type("o\n");
  EXPECT_EQ(terminal.read(), "two\n");
}

TEST(NonCanonical, EveryByteIsReadable) {
  Terminal terminal;
  terminal.set_local(tty_local::canonical, false);
  terminal.type("a");
  EXPECT_TRUE(terminal.discipline.is_readable());
  EXPECT_EQ(terminal.discipline.available(), 1u);
  EXPECT_EQ(terminal.read(), "a");
}

TEST(NonCanonical, EditingCharactersAreBytes) {
  Terminal terminal;
  terminal.set_local(tty_local::canonical | tty_local::echo, false);
  terminal.type("a\x7f\x15\x17\x16\x12\x04");
  EXPECT_EQ(terminal.read(), "a\x7f\x15\x17\x16\x12\x04");
}

TEST(NonCanonical, LinesRunTogether) {
  Terminal terminal;
  terminal.set_local(tty_local::canonical, false);
  terminal.type("a\nb\n");
  EXPECT_EQ(terminal.read(), "a\nb\n");
  EXPECT_FALSE(terminal.last.ends_line);
}

TEST(NonCanonical, AFullQueueHasNoRoom) {
  Terminal terminal;
  terminal.set_local(tty_local::canonical | tty_local::echo, false);
  EXPECT_EQ(terminal.type(std::string(5000, 'x')), 4095u);
  EXPECT_EQ(terminal.read(100).size(), 100u);
  EXPECT_EQ(terminal.discipline.room(), 100u);
}

}  // namespace
}  // namespace halcyon::test
