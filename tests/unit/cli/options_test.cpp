// The command line as data: what is understood, and what is refused with which words.
#include "cli/options.h"

#include <gtest/gtest.h>

#include "cli/failure.h"

namespace halcyon::cli {
namespace {

using Words = std::vector<std::string>;

RunOptions run(Words arguments) {
  arguments.insert(arguments.begin(), "run");
  return std::get<RunOptions>(parse_command_line(arguments));
}

// The message of the failure, with its status in front.
std::string refusal(const Words& arguments) {
  try {
    parse_command_line(arguments);
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.what();
  }
  return "accepted";
}

TEST(Options, Defaults) {
  RunOptions options = run({"/bin/true"});
  EXPECT_FALSE(options.root);
  EXPECT_FALSE(options.isa);
  EXPECT_EQ(options.cpus, 1u);
  EXPECT_EQ(options.memory, uint64_t{1} << 30);
  EXPECT_FALSE(options.strace);
  EXPECT_FALSE(options.seed);
  EXPECT_EQ(options.time, RunOptions::Summary::none);
  EXPECT_EQ(options.timeout, 0);
  EXPECT_FALSE(options.user || options.quiet);
  EXPECT_EQ(options.scheduler, "round-robin");
  EXPECT_EQ(options.arguments, Words{"/bin/true"});
}

TEST(Options, ArgumentsOfTheProgramAreUntouched) {
  Words guest = {"sh", "-c", "echo hi", "--", "--cpus", "4", "--help", ""};
  Words arguments = {"--cpus", "2"};
  arguments.insert(arguments.end(), guest.begin(), guest.end());
  RunOptions options = run(arguments);
  EXPECT_EQ(options.cpus, 2u);
  EXPECT_EQ(options.arguments, guest);
}

TEST(Options, TwoDashesEndTheOptions) {
  EXPECT_EQ(run({"--", "prog", "-x"}).arguments, (Words{"prog", "-x"}));
  EXPECT_EQ(run({"--time", "--", "--odd", "--"}).arguments, (Words{"--odd", "--"}));
}

TEST(Options, ValuesMayFollowOrBeAttached) {
  EXPECT_EQ(run({"--cpus=4", "p"}).cpus, 4u);
  EXPECT_EQ(run({"--cpus", "4", "p"}).cpus, 4u);
  EXPECT_EQ(*run({"--root=none", "p"}).root, "none");
  EXPECT_EQ(*run({"--root", "a=b", "p"}).root, "a=b");
}

TEST(Options, StraceTakesNoFollowingWord) {
  RunOptions options = run({"--strace", "prog"});
  EXPECT_TRUE(options.strace);
  EXPECT_EQ(options.strace_file, "");
  EXPECT_EQ(options.arguments, Words{"prog"});
  EXPECT_EQ(run({"--strace=out.txt", "prog"}).strace_file, "out.txt");
}

TEST(Options, DeterministicHasAnOptionalSeed) {
  EXPECT_EQ(run({"--deterministic", "prog"}).seed, 0u);
  EXPECT_EQ(run({"--deterministic=17", "prog"}).seed, 17u);
  EXPECT_EQ(run({"--deterministic=0x10", "prog"}).seed, 16u);
  EXPECT_EQ(run({"--deterministic=1", "prog"}).seed, 1u);
}

TEST(Options, RepeatableOptions) {
  RunOptions options = run({"--env", "A=1", "--env=B=2=3", "--bind", "/x:/y", "--bind=/v:/w:rw", "p", "q"});
  ASSERT_EQ(options.environment.size(), 2u);
  EXPECT_EQ(options.environment[1], (std::pair<std::string, std::string>{"B", "2=3"}));
  ASSERT_EQ(options.binds.size(), 2u);
  EXPECT_EQ(options.binds[0], (Bind{"/x", "/y", false}));
  EXPECT_EQ(options.binds[1], (Bind{"/v", "/w", true}));
  EXPECT_EQ(options.arguments, (Words{"p", "q"}));
}

TEST(Options, Isa) {
  EXPECT_FALSE(run({"--isa", "auto", "p"}).isa);
  EXPECT_EQ(run({"--isa", "x86_64", "p"}).isa, hal::Isa::x86_64);
  EXPECT_EQ(run({"--isa=riscv64", "p"}).isa, hal::Isa::riscv64);
}

TEST(Options, OthersOfRun) {
  RunOptions options = run({"--time", "--scheduler", "fair", "--cwd", "/tmp", "--hostname", "box", "--memory", "512M", "p"});
  EXPECT_EQ(options.time, RunOptions::Summary::text);
  EXPECT_EQ(run({"--time=json", "p"}).time, RunOptions::Summary::json);
  EXPECT_TRUE(run({"--quiet", "p"}).quiet);
  EXPECT_EQ(*run({"--user", "me:us", "p"}).user, "me:us");
  EXPECT_EQ(options.scheduler, "fair");
  EXPECT_EQ(*options.working_directory, "/tmp");
  EXPECT_EQ(options.host_name, "box");
  EXPECT_EQ(options.memory, uint64_t{512} << 20);
}

TEST(Options, Sizes) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64K"), 65536u);
  EXPECT_EQ(parse_size("2g"), uint64_t{2} << 30);
  EXPECT_EQ(parse_size("1T"), uint64_t{1} << 40);
  for (const char* bad : {"", "K", "1KB", "-1", "1.5G", " 1", "1 G", "0x10", "99999999999999999999", "99999999999T"})
    EXPECT_THROW(parse_size(bad), Failure) << bad;
}

TEST(Options, Times) {
  EXPECT_EQ(parse_time("1.5", ""), 1'500'000'000);
  EXPECT_EQ(parse_time("10s", ""), 10'000'000'000);
  EXPECT_EQ(parse_time("2m", ""), 120'000'000'000);
  EXPECT_EQ(parse_time("1h", ""), 3600'000'000'000);
  EXPECT_EQ(parse_time("1d", ""), 86400'000'000'000);
  for (const char* bad : {"", "s", "-1", "0", "1x", "1 s", "inf", "nan", "1e400", "99999999999d", "+1", "ten"})
    EXPECT_THROW(parse_time(bad, ""), Failure) << bad;
}

TEST(Options, HintsAtValuesThatNeedAnEqualsSign) {
  EXPECT_EQ(run({"--strace", "out", "p"}).hint, "a value of --strace is written --strace=out");
  EXPECT_EQ(run({"--deterministic", "5", "p"}).hint, "a value of --deterministic is written --deterministic=5");
  EXPECT_EQ(run({"--time", "json", "p"}).hint, "a value of --time is written --time=json");
  EXPECT_EQ(run({"--strace", "--", "p"}).hint, "");
  EXPECT_EQ(run({"--strace=out", "p"}).hint, "");
}

TEST(Options, Binds) {
  EXPECT_EQ(parse_bind("/a:/b:ro"), (Bind{"/a", "/b", false}));
  EXPECT_EQ(parse_bind("rel:/b"), (Bind{"rel", "/b", false}));
  EXPECT_EQ(parse_bind("/a:b:/c"), (Bind{"/a:b", "/c", false}));
  for (const char* bad : {"", "/a", ":/b", "/a:", "/a:b", "/a:rw"}) EXPECT_THROW(parse_bind(bad), Failure) << bad;
}

TEST(Options, OtherCommands) {
  EXPECT_FALSE(std::get<AbiOptions>(parse_command_line({"abi"})).isa);
  auto abi = std::get<AbiOptions>(parse_command_line({"abi", "--isa", "riscv64", "--markdown", "--partial"}));
  EXPECT_EQ(abi.isa, hal::Isa::riscv64);
  EXPECT_TRUE(abi.markdown && abi.only_partial);
  EXPECT_THROW(parse_command_line({"abi", "all"}), Failure);
  EXPECT_THROW(parse_command_line({"abi", "--isa", "arm"}), Failure);
  EXPECT_EQ(std::get<ElfOptions>(parse_command_line({"elf", "a.out"})).file, "a.out");
  // Everything is ./dev boot's.
  EXPECT_EQ(std::get<BareBootOptions>(parse_command_line({"boot", "vax", "--help", "--", "a"})).arguments,
            (std::vector<std::string>{"vax", "--help", "--", "a"}));
  EXPECT_EQ(*std::get<ElfOptions>(parse_command_line({"elf", "--root", "none", "a.out"})).root, "none");
}

TEST(Options, HelpAndVersion) {
  EXPECT_TRUE(std::get<TextRequest>(parse_command_line({"--version"})).text.starts_with("halcyon "));
  EXPECT_NE(std::get<TextRequest>(parse_command_line({"--help"})).text.find("halcyon run"), std::string::npos);
  std::string help = std::get<TextRequest>(parse_command_line({"run", "--help"})).text;
  for (const char* option : {"--root", "--bind", "--isa", "--cpus", "--memory", "--env", "--strace", "--deterministic", "--time",
                             "--scheduler", "--cwd", "--timeout", "--user", "--quiet"})
    EXPECT_NE(help.find(option), std::string::npos) << option;
  EXPECT_NE(help.find("Usage: halcyon run [options] [--] PROGRAM [ARG...]"), std::string::npos);
}

TEST(OptionErrors, AreNamed) {
  EXPECT_EQ(refusal({"run", "--bogus", "p"}), "125 unknown option --bogus (see halcyon run --help)");
  EXPECT_EQ(refusal({"run", "-x", "p"}), "125 unknown option -x (see halcyon run --help)");
  EXPECT_EQ(refusal({"run", "--cpus"}), "125 option --cpus needs a value");
  EXPECT_EQ(refusal({"run"}), "125 no program given (see halcyon run --help)");
  EXPECT_EQ(refusal({"run", "--"}), "125 no program given (see halcyon run --help)");
  EXPECT_EQ(refusal({"run", ""}), "127 the program's name is empty");
  EXPECT_EQ(refusal({}), "125 no command given (see halcyon --help)");
  EXPECT_EQ(refusal({"fly"}), "125 unknown command 'fly' (see halcyon --help)");
  EXPECT_EQ(refusal({"--fly"}), "125 unknown option --fly (see halcyon --help)");
  EXPECT_EQ(refusal({"elf"}), "125 elf takes one file (see halcyon elf --help)");
  EXPECT_EQ(refusal({"elf", "a", "b"}), "125 elf takes one file (see halcyon elf --help)");
  EXPECT_EQ(refusal({"abi", "x"}), "125 abi takes no arguments");
}

TEST(OptionErrors, BadValues) {
  EXPECT_EQ(refusal({"run", "--isa", "arm", "p"}), "125 --isa: 'arm' is none of auto, x86_64, riscv64");
  EXPECT_EQ(refusal({"run", "--memory", "1X", "p"}), "125 '1X' is not a size such as 512M or 2G");
  EXPECT_EQ(refusal({"run", "--memory", "1K", "p"}), "125 --memory: 1K is not between 8M and 64G");
  EXPECT_EQ(refusal({"run", "--env", "NOVALUE", "p"}), "125 --env: 'NOVALUE' is not K=V");
  EXPECT_EQ(refusal({"run", "--deterministic=x", "p"}), "125 --deterministic: 'x' is not a number");
  EXPECT_EQ(refusal({"run", "--cwd", "tmp", "p"}), "125 --cwd: 'tmp' is not an absolute path");
  EXPECT_TRUE(refusal({"run", "--cpus", "0", "p"}).starts_with("125 --cpus"));
  EXPECT_TRUE(refusal({"run", "--cpus", "65", "p"}).starts_with("125 --cpus"));
  EXPECT_TRUE(refusal({"run", "--cpus", "two", "p"}).starts_with("125 "));
  EXPECT_TRUE(refusal({"run", "--scheduler", "lottery", "p"}).starts_with("125 --scheduler"));
  EXPECT_TRUE(refusal({"run", "--time=3", "p"}).starts_with("125 "));
}

TEST(OptionErrors, AreOneLine) {
  for (const Words& words :
       {Words{"run", "--cpus", "0", "p"}, Words{"run", "--scheduler", "lottery", "p"}, Words{"run", "--cpus", "two", "p"}})
    EXPECT_EQ(refusal(words).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace halcyon::cli
