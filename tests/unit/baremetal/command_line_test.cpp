#include "hal-baremetal/boot/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace halcyon {
namespace {

struct Parsed {
  explicit Parsed(std::string from) : text(std::move(from)), buffer(text.size()), line(text, buffer.data()) {}
  std::vector<std::string> arguments() {
    std::vector<std::string> words;
    line.for_each_argument([&](std::string_view word) { words.emplace_back(word); });
    return words;
  }
  std::string text;
  std::vector<char> buffer;  // just as large as promised, so that a sanitizer sees what is written beyond
  CommandLine line;
};

using Words = std::vector<std::string>;

TEST(CommandLine, FindsParameters) {
  Parsed parsed("  init=/bin/sh quiet\tloglevel=3 loglevel=7 name=a=b empty= ");
  EXPECT_EQ(parsed.line.value("init"), "/bin/sh");
  EXPECT_EQ(parsed.line.value("quiet"), "");
  EXPECT_TRUE(parsed.line.has("empty"));
  EXPECT_FALSE(parsed.line.has("ini"));
  EXPECT_FALSE(parsed.line.has("init=/bin/sh"));
  EXPECT_EQ(parsed.line.number("loglevel"), 7u);
  EXPECT_EQ(parsed.line.value("name"), "a=b");
  EXPECT_FALSE(parsed.line.number("init"));
  EXPECT_FALSE(parsed.line.number("empty"));
  EXPECT_EQ(parsed.arguments(), Words());
}

TEST(CommandLine, PassesArgumentsOn) {
  Parsed parsed(R"(init=/bin/busybox -- sh -c "echo \"hi there\"; exit 3" "" -- x=y)");
  EXPECT_EQ(parsed.line.value("init"), "/bin/busybox");
  EXPECT_FALSE(parsed.line.has("x"));
  EXPECT_EQ(parsed.arguments(), (Words{"sh", "-c", "echo \"hi there\"; exit 3", "", "--", "x=y"}));
}

TEST(CommandLine, Unquotes) {
  EXPECT_EQ(Parsed(R"(-- a"b c"d)").arguments(), (Words{"ab cd"}));
  EXPECT_EQ(Parsed(R"(-- "a\\b" c\\d \"\' a\ b \)").arguments(), (Words{"a\\b", "c\\d", "\"'", "a b", "\\"}));
  EXPECT_EQ(Parsed("-- \"line 1\nline 2\"").arguments(), (Words{"line 1\nline 2"}));
  EXPECT_EQ(Parsed(R"(-- "unfinished word)").arguments(), (Words{"unfinished word"}));
  EXPECT_EQ(Parsed(R"(-- "\)").arguments(), (Words{"\\"}));
  EXPECT_EQ(Parsed(R"(name="a b")").line.value("name"), "a b");
}

TEST(CommandLine, TakesAnything) {
  for (const char* text : {"", " ", "--", "-- ", "a", "\"", "\"\"", "=", "-- \"\"", "a --", "\\", "-- -- --"}) {
    Parsed parsed(text);
    parsed.arguments();
    EXPECT_FALSE(parsed.line.has("b"));
  }
  EXPECT_EQ(Parsed("-- -- --").arguments(), (Words{"--", "--"}));
}

}  // namespace
}  // namespace halcyon
