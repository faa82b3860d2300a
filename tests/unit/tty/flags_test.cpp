// Input flags, signal characters, flow control and output processing.
#include <gtest/gtest.h>

#include "tests/unit/tty/terminal.h"

namespace halcyon::test {
namespace {

TEST(InputFlags, CarriageReturnBecomesNewline) {
  Terminal terminal;
  terminal.type("a\r");
  EXPECT_EQ(terminal.screen(), "a\r\n");
  EXPECT_EQ(terminal.read(), "a\n");
}

TEST(InputFlags, WithoutIcrnlCarriageReturnIsAByte) {
  Terminal terminal;
  terminal.set_input(tty_input::cr_to_nl, false);
  terminal.type("a\r\n");
  EXPECT_EQ(terminal.screen(), "a^M\r\n");
  EXPECT_EQ(terminal.read(), "a\r\n");
}

TEST(InputFlags, IgncrDropsCarriageReturns) {
  Terminal terminal;
  terminal.set_input(tty_input::ignore_cr);
  terminal.type("a\rb\n");
  EXPECT_EQ(terminal.read(), "ab\n");
}

TEST(InputFlags, InlcrMakesNewlineACarriageReturn) {
  Terminal terminal;
  terminal.set_input(tty_input::nl_to_cr);
  terminal.type("a\nb\r");
  EXPECT_EQ(terminal.read(), "a\rb\n");
}

TEST(InputFlags, IstripClearsTheEighthBit) {
  Terminal terminal;
  terminal.set_input(tty_input::strip);
  terminal.type("\xe1\xe2\n");
  EXPECT_EQ(terminal.read(), "ab\n");
}

TEST(InputFlags, ParmrkDoublesByte255) {
  Terminal terminal;
  terminal.set_input(tty_input::mark_parity);
  terminal.type("a\xff\n");
  EXPECT_EQ(terminal.read(), "a\xff\xff\n");
}

TEST(Signals, InterruptQuitAndSuspend) {
  Terminal terminal;
  terminal.type("\x03");
  EXPECT_EQ(terminal.discipline.take_signals(), SignalSet::of(sig::intr));
  terminal.type("\x1c");
  EXPECT_EQ(terminal.discipline.take_signals(), SignalSet::of(sig::quit));
  terminal.type("\x1a");
  EXPECT_EQ(terminal.discipline.take_signals(), SignalSet::of(sig::tstp));
  EXPECT_TRUE(terminal.discipline.take_signals().is_empty());
}

TEST(Signals, TheKeyIsShown) {
  Terminal terminal;
  terminal.type("ab\x03");
  terminal.screen();
  terminal.type("\x03");
  EXPECT_EQ(terminal.screen(), "^C");
}

TEST(Signals, InputAndOutputAreFlushed) {
  Terminal terminal;
  terminal.type("one\ntwo");
  terminal.write("output");
  terminal.type("\x03");
  EXPECT_EQ(terminal.screen(), "^C");
  EXPECT_FALSE(terminal.discipline.is_readable());
  terminal.type("x\n");
  EXPECT_EQ(terminal.read(), "x\n");
}

TEST(Signals, NoflshKeepsBoth) {
  Terminal terminal;
  terminal.set_local(tty_local::no_flush);
  terminal.type("one\ntwo\x03");
  EXPECT_EQ(terminal.screen(), "one\r\ntwo^C");
  EXPECT_EQ(terminal.read(), "one\n");
  terminal.type("\n");
  EXPECT_EQ(terminal.read(), "two\n");
}

TEST(Signals, WithoutIsigTheyAreBytes) {
  Terminal terminal;
  terminal.set_local(tty_local::signals, false);
  terminal.type("\x03\x1c\x1a\n");
  EXPECT_TRUE(terminal.discipline.take_signals().is_empty());
  EXPECT_EQ(terminal.read(), "\x03\x1c\x1a\n");
}

TEST(Signals, TheyWorkOutsideCanonicalMode) {
  Terminal terminal;
  terminal.set_local(tty_local::canonical, false);
  terminal.type("ab\x03");
  EXPECT_TRUE(terminal.discipline.take_signals().has(sig::intr));
  EXPECT_FALSE(terminal.discipline.is_readable());
}

TEST(Signals, AnotherCharacterMayInterrupt) {
  Terminal terminal;
  terminal.set_character(tty_char::interrupt, 'q');
  terminal.type("q");
  EXPECT_TRUE(terminal.discipline.take_signals().has(sig::intr));
  terminal.type("\x03\n");
  EXPECT_TRUE(terminal.discipline.take_signals().is_empty());
  EXPECT_EQ(terminal.read(), "\x03\n");
}

TEST(Flow, StopAndStart) {
  Terminal terminal;
  terminal.type("\x13");
  EXPECT_TRUE(terminal.discipline.is_output_stopped());
  terminal.type("\x11");
  EXPECT_FALSE(terminal.discipline.is_output_stopped());
  terminal.type("a\n");
  EXPECT_EQ(terminal.read(), "a\n");
}

TEST(Flow, WithoutIxonTheyAreBytes) {
  Terminal terminal;
  terminal.set_input(tty_input::flow_output, false);
  terminal.type("\x13\x11\n");
  EXPECT_FALSE(terminal.discipline.is_output_stopped());
  EXPECT_EQ(terminal.read(), "\x13\x11\n");
}

TEST(Flow, IxanyRestartsAndKeepsTheByte) {
  Terminal terminal;
  terminal.set_input(tty_input::any_restarts);
  terminal.type("\x13");
  terminal.type("a");
  EXPECT_FALSE(terminal.discipline.is_output_stopped());
  terminal.type("\n");
  EXPECT_EQ(terminal.read(), "a\n");
}

TEST(Flow, WithoutIxanyOtherBytesDoNotRestart) {
  Terminal terminal;
  terminal.type(
      "\x13"
      "a");
  EXPECT_TRUE(terminal.discipline.is_output_stopped());
}

TEST(Flow, AnInterruptRestarts) {
  Terminal terminal;
  terminal.type("\x13\x03");
  EXPECT_FALSE(terminal.discipline.is_output_stopped());
}

TEST(Flow, ClearingIxonRestarts) {
  Terminal terminal;
  terminal.type("\x13");
  terminal.set_input(tty_input::flow_output, false);
  EXPECT_FALSE(terminal.discipline.is_output_stopped());
}

TEST(Flow, TcflowIsIndependentOfKeys) {
  Terminal terminal;
  terminal.discipline.stop_output(true);
  terminal.type("\x11");
  EXPECT_TRUE(terminal.discipline.is_output_stopped());
  terminal.discipline.stop_output(false);
  EXPECT_FALSE(terminal.discipline.is_output_stopped());
}

TEST(Flow, IxoffStopsAndStartsTheTerminal) {
  Terminal terminal;
  terminal.set_input(tty_input::flow_input);
  terminal.set_local(tty_local::canonical | tty_local::echo, false);
  terminal.type(std::string(3900, 'x'));
  EXPECT_EQ(terminal.screen(), "");
  terminal.type(std::string(100, 'x'));
  EXPECT_EQ(terminal.screen(), "\x13");
  terminal.read(3900);
  EXPECT_EQ(terminal.screen(), "\x11");
}

TEST(Output, NewlineGetsACarriageReturn) {
  Terminal terminal;
  EXPECT_EQ(terminal.write("a\nb"), 3u);
  EXPECT_EQ(terminal.screen(), "a\r\nb");
}

TEST(Output, WithoutOpostNothingChanges) {
  Terminal terminal;
  terminal.set_output(tty_output::process, false);
  terminal.write("a\n\tb");
  EXPECT_EQ(terminal.screen(), "a\n\tb");
}

TEST(Output, WithoutOnlcrNewlineIsAlone) {
  Terminal terminal;
  terminal.set_output(tty_output::nl_to_crnl, false);
  terminal.write("abc\n");
  EXPECT_EQ(terminal.screen(), "abc\n");
  EXPECT_EQ(terminal.discipline.output().column(), 3u);
}

TEST(Output, OnlretMeansNewlineReturns) {
  Terminal terminal;
  terminal.set_output(tty_output::nl_to_crnl, false);
  terminal.set_output(tty_output::nl_returns);
  terminal.write("abc\n");
  EXPECT_EQ(terminal.screen(), "abc\n");
  EXPECT_EQ(terminal.discipline.output().column(), 0u);
}

TEST(Output, OcrnlMakesCarriageReturnANewline) {
  Terminal terminal;
  terminal.set_output(tty_output::cr_to_nl);
  terminal.write("a\rb");
  EXPECT_EQ(terminal.screen(), "a\nb");
}

TEST(Output, OnocrDropsCarriageReturnInColumn0) {
  Terminal terminal;
  terminal.set_output(tty_output::no_cr_at_0);
  terminal.write("\ra\r");
  EXPECT_EQ(terminal.screen(), "a\r");
}

TEST(Output, XtabsBecomesSpaces) {
  Terminal terminal;
  terminal.set_output(tty_output::expand_tabs);
  terminal.write("ab\tc\t");
  EXPECT_EQ(terminal.screen(), "ab      c       ");
}

TEST(Output, TheColumnFollowsBackspaceAndUtf8) {
  Terminal terminal;
  terminal.write("ab\b\xc3\xa9");
  EXPECT_EQ(terminal.discipline.output().column(), 2u);
}

TEST(Output, AFullQueueTakesPart) {
  Terminal terminal;
  std::string text(10000, 'x');
  size_t taken = terminal.write(text);
  EXPECT_LT(taken, text.size());
  EXPECT_GT(taken, 4096u);
  EXPECT_EQ(terminal.discipline.output().room(), 0u);
  EXPECT_EQ(terminal.write("more"), 0u);
  EXPECT_EQ(terminal.screen(), text.substr(0, taken));
  EXPECT_GT(terminal.discipline.output().room(), 0u);
}

TEST(Output, EchoesFitIntoAQueueThatWritersFilled) {
  Terminal terminal;
  terminal.write(std::string(10000, 'x'));
  terminal.type("abc");
  std::string screen = terminal.screen();
  EXPECT_EQ(screen.substr(screen.size() - 3), "abc");
}

TEST(Output, RoomIsAPromise) {
  Terminal terminal;
  terminal.set_output(tty_output::expand_tabs);
  size_t room = terminal.discipline.output().room();
  EXPECT_EQ(terminal.write(std::string(room, '\t')), room);
}

}  // namespace
}  // namespace halcyon::test
