// The line's editor and its echoes.
#include <gtest/gtest.h>

#include "tests/unit/tty/terminal.h"

namespace halcyon::test {
namespace {

constexpr std::string_view rub = "\b \b";

std::string rubs(int count) {
  std::string text;
  while (count-- > 0) text += rub;
  return text;
}

TEST(Editing, EraseTakesBackOneCharacter) {
  Terminal terminal;
  terminal.type("ab\x7f");
  EXPECT_EQ(terminal.screen(), "ab" + rubs(1));
  terminal.type("c\n");
  EXPECT_EQ(terminal.read(), "ac\n");
}

TEST(Editing, EraseStopsAtTheStartOfTheLine) {
  Terminal terminal;
  terminal.type(
      "one\n\x7f\x7f"
      "a\x7f\x7f\x7f"
      "b\n");
  EXPECT_EQ(terminal.read(), "one\n");
  EXPECT_EQ(terminal.read(), "b\n");
}

TEST(Editing, EraseOnAnEmptyLineShowsNothing) {
  Terminal terminal;
  terminal.type("\x7f");
  EXPECT_EQ(terminal.screen(), "");
}

TEST(Editing, AControlCharacterIsTwoColumnsWide) {
  Terminal terminal;
  terminal.type("\x01\x7f");
  EXPECT_EQ(terminal.screen(), "^A" + rubs(2));
}

TEST(Editing, WithoutEchoctlAControlCharacterHasNoWidth) {
  Terminal terminal;
  terminal.set_local(tty_local::echo_control, false);
  terminal.type("\x01\x7f");
  EXPECT_EQ(terminal.screen(), "\x01");
}

TEST(Editing, ErasingATabGoesBackToWhereItBegan) {
  Terminal terminal;
  terminal.type("abc\t\x7f");
  EXPECT_EQ(terminal.screen(), "abc\t" + std::string(5, '\b'));
}

TEST(Editing, ErasingATabCountsThePrompt) {
  Terminal terminal;
  terminal.write("$ ");
  terminal.type("\t\x7f");
  EXPECT_EQ(terminal.screen(), "$ \t" + std::string(6, '\b'));
}

TEST(Editing, ErasingATabBehindATab) {
  Terminal terminal;
  terminal.type("a\tb\t\x7f");
  EXPECT_EQ(terminal.screen(), "a\tb\t" + std::string(7, '\b'));
}

TEST(Editing, WithIutf8ACharacterIsErasedWhole) {
  Terminal terminal;
  terminal.type("a\xc3\xa9\x7f");
  EXPECT_EQ(terminal.screen(), "a\xc3\xa9" + rubs(1));
  terminal.type("\n");
  EXPECT_EQ(terminal.read(), "a\n");
}

TEST(Editing, FourByteCharacters) {
  Terminal terminal;
  terminal.type("\xf0\x9f\x98\x80\x7fz\n");
  EXPECT_EQ(terminal.read(), "z\n");
}

TEST(Editing, WithoutIutf8BytesAreErased) {
  Terminal terminal;
  terminal.set_input(tty_input::utf8, false);
  terminal.type("a\xc3\xa9\x7f\n");
  EXPECT_EQ(terminal.read(), "a\xc3\n");
}

TEST(Editing, WhatIsLeftOfATornCharacterStays) {
  Terminal terminal;
  terminal.type("\xa9\xa9\x7f\x15\n");
  EXPECT_EQ(terminal.read(), "\xa9\xa9\n");
}

TEST(Editing, KillErasesTheLine) {
  Terminal terminal;
  terminal.type("abc\x15");
  EXPECT_EQ(terminal.screen(), "abc" + rubs(3));
  terminal.type("d\n");
  EXPECT_EQ(terminal.read(), "d\n");
}

TEST(Editing, KillWithoutEchokeShowsItselfAndANewline) {
  Terminal terminal;
  terminal.set_local(tty_local::echo_kill_erase, false);
  terminal.type("abc\x15");
  EXPECT_EQ(terminal.screen(), "abc^U\r\n");
  terminal.type("d\n");
  EXPECT_EQ(terminal.read(), "d\n");
}

TEST(Editing, KillWithoutEchokShowsOnlyItself) {
  Terminal terminal;
  terminal.set_local(tty_local::echo_kill, false);
  terminal.type("abc\x15");
  EXPECT_EQ(terminal.screen(), "abc^U");
}

TEST(Editing, KillWithoutEchoIsSilent) {
  Terminal terminal;
  terminal.set_local(tty_local::echo, false);
  terminal.type(
      "abc\x15"
      "d\n");
  EXPECT_EQ(terminal.screen(), "");
  EXPECT_EQ(terminal.read(), "d\n");
}

TEST(Editing, WithoutEchoeEraseShowsItself) {
  Terminal terminal;
  terminal.set_local(tty_local::echo_erase, false);
  terminal.type("ab\x7f");
  EXPECT_EQ(terminal.screen(), "ab^?");
  terminal.type("\n");
  EXPECT_EQ(terminal.read(), "a\n");
}

TEST(Editing, WordEraseTakesTheLastWord) {
  Terminal terminal;
  terminal.type("one two\x17");
  EXPECT_EQ(terminal.screen(), "one two" + rubs(3));
  terminal.type("\n");
  EXPECT_EQ(terminal.read(), "one \n");
}

TEST(Editing, WordEraseTakesBlanksBehindTheWordToo) {
  Terminal terminal;
  terminal.type("one two  \x17x\n");
  EXPECT_EQ(terminal.read(), "one x\n");
}

TEST(Editing, WordEraseOfTheOnlyWord) {
  Terminal terminal;
  terminal.type("one\x17x\n");
  EXPECT_EQ(terminal.read(), "x\n");
}

TEST(Editing, WordEraseNeedsIexten) {
  Terminal terminal;
  terminal.set_local(tty_local::extended, false);
  terminal.type("one\x17\n");
  EXPECT_EQ(terminal.read(), "one\x17\n");
}

TEST(Editing, ReprintShowsTheLineAgain) {
  Terminal terminal;
  terminal.type("ab\x12");
  EXPECT_EQ(terminal.screen(), "ab^R\r\nab");
  terminal.type("\n");
  EXPECT_EQ(terminal.read(), "ab\n");
}

TEST(Editing, AfterReprintATabIsMeasuredFromTheNewLine) {
  Terminal terminal;
  terminal.write("prompt> ");
  terminal.type("ab\x12\t");
  terminal.screen();
  terminal.type("\x7f");
  EXPECT_EQ(terminal.screen(), std::string(6, '\b'));
}

TEST(Editing, LiteralNextTakesAnyByte) {
  Terminal terminal;
  terminal.type("a\x16\x03\x16\x7f\x16\x04\n");
  EXPECT_TRUE(terminal.discipline.take_signals().is_empty());
  EXPECT_EQ(terminal.read(), "a\x03\x7f\x04\n");
}

TEST(Editing, LiteralNextShowsACaretUnderTheCursor) {
  Terminal terminal;
  terminal.type("\x16");
  EXPECT_EQ(terminal.screen(), "^\b");
  terminal.type("\x03");
  EXPECT_EQ(terminal.screen(), "^C");
}

TEST(Editing, ALiteralNewlineDoesNotEndTheLine) {
  Terminal terminal;
  terminal.type("a\x16\n");
  EXPECT_FALSE(terminal.discipline.is_readable());
  terminal.type("b\n");
  EXPECT_EQ(terminal.read(), "a\nb\n");
}

TEST(Editing, ALiteralCarriageReturnIsNotMapped) {
  Terminal terminal;
  terminal.type("a\x16\rb\n");
  EXPECT_EQ(terminal.read(), "a\rb\n");
}

TEST(Editing, EchoprtShowsWhatIsErasedBetweenSlashes) {
  Terminal terminal;
  terminal.set_local(tty_local::echo_print);
  terminal.type(
      "abc\x7f\x7f"
      "d");
  EXPECT_EQ(terminal.screen(), "abc\\cb/d");
  terminal.type("\n");
  EXPECT_EQ(terminal.read(), "ad\n");
}

TEST(Editing, EchoprtClosesItsSlashWhenTheLineIsEmpty) {
  Terminal terminal;
  terminal.set_local(tty_local::echo_print);
  terminal.type("a\x7f");
  EXPECT_EQ(terminal.screen(), "a\\a/");
}

TEST(Echo, PlainBytesAreShown) {
  Terminal terminal;
  terminal.type("hello\n");
  EXPECT_EQ(terminal.screen(), "hello\r\n");
}

TEST(Echo, WithoutEchoNothingIsShown) {
  Terminal terminal;
  terminal.set_local(tty_local::echo, false);
  terminal.type("secret\n");
  EXPECT_EQ(terminal.screen(), "");
  EXPECT_EQ(terminal.read(), "secret\n");
}

TEST(Echo, EchonlShowsOnlyNewlines) {
  Terminal terminal;
  terminal.set_local(tty_local::echo, false);
  terminal.set_local(tty_local::echo_nl);
  terminal.type("secret\n");
  EXPECT_EQ(terminal.screen(), "\r\n");
}

TEST(Echo, ControlCharactersAreShownWithACaret) {
  Terminal terminal;
  terminal.type("\x01\x1b\x1f");
  EXPECT_EQ(terminal.screen(), "^A^[^_");
}

TEST(Echo, WithoutEchoctlControlCharactersGoOutAsTheyAre) {
  Terminal terminal;
  terminal.set_local(tty_local::echo_control, false);
  terminal.type("\x01");
  EXPECT_EQ(terminal.screen(), "\x01");
}

TEST(Echo, OutsideCanonicalModeReturnIsANewlineAndNewlineAControlCharacter) {
  Terminal terminal;
  terminal.set_local(tty_local::canonical, false);
  terminal.type("a\r\x01\n");
  EXPECT_EQ(terminal.screen(), "a\r\n^A^J");
}

TEST(Echo, BytesAbove127AreShown) {
  Terminal terminal;
  terminal.type("\xc3\xa9");
  EXPECT_EQ(terminal.screen(), "\xc3\xa9");
}

}  // namespace
}  // namespace halcyon::test
