// ./dev fuzz: long runs of the fuzzer. Each seed runs in a process of its own, so that one that ends in a panic or a report does not end
// the others; it is named, with the command that repeats it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "hal/isa/isa.h"
#include "tests/fuzz/fuzz.h"

namespace halcyon::test::fuzz {
namespace {

struct Options {
  uint64_t seeds = 100, first_seed = 1, calls = 10'000;
  std::optional<hal::Isa> isa;  // nothing: all
  bool is_traced = false;
  unsigned patience = 600;  // seconds that a seed may take
};

constexpr char usage[] =
    "usage: fuzz [--seeds N] [--seed FIRST] [--calls N] [--isa x86_64|riscv64] [--patience SECONDS] [--trace]\n"
    "Runs N seeds from FIRST on (default: 100, 1) of at least so many random system calls (10000) on both ISAs, and names those that "
    "fail.\n"
    "The same seed, calls and ISA always make the same run. --trace tells each call on standard error.\n";

[[noreturn]] void refuse(const char* word) {
  std::fprintf(stderr, "fuzz: what is '%s'?\n%s", word, usage);
  std::exit(2);
}

uint64_t number(const char* text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
  if (error != std::errc() || *end || end == text) refuse(text);
  return value;
}

hal::Isa isa_named(const char* name) {
  for (hal::Isa isa : hal::isas)
    if (hal::description(isa).name == name) return isa;
  refuse(name);
}

Options parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    std::string word = words[i];
    if (word == "--help" || word == "-h") {
      std::fputs(usage, stdout);
      std::exit(0);
    }
    if (word == "--trace") {
      options.is_traced = true;
      continue;
    }
    if (i + 1 == count) refuse(words[i]);
    const char* value = words[++i];
    if (word == "--seeds") options.seeds = number(value);
    else if (word == "--seed") options.first_seed = number(value);
    else if (word == "--calls") options.calls = number(value);
    else if (word == "--patience") options.patience = static_cast<unsigned>(number(value));
    else if (word == "--isa") options.isa = isa_named(value);
    else refuse(words[i - 1]);
  }
  return options;
}

// In a child. Returns its wait status.
int run_apart(const Run& one, unsigned patience, uint64_t* made) {
  int numbers[2];
  if (pipe(numbers) != 0) return -1;
  std::fflush(nullptr);
  pid_t child = fork();
  if (child == 0) {
    alarm(patience);
    uint64_t calls = run(one);
    bool told = ::write(numbers[1], &calls, sizeof calls) == sizeof calls;
    _exit(told && testing::UnitTest::GetInstance()->ad_hoc_test_result().Passed() ? 0 : 1);
  }
  close(numbers[1]);
  *made = 0;
  if (::read(numbers[0], made, sizeof *made) < 0) *made = 0;
  close(numbers[0]);
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

int fuzz(const Options& options) {
  uint64_t total = 0, failed = 0, ran = 0;
  for (uint64_t seed = options.first_seed; seed < options.first_seed + options.seeds; ++seed) {
    for (hal::Isa isa : hal::isas) {
      if (options.isa && isa != *options.isa) continue;
      Run one{.isa = isa, .seed = seed, .calls = options.calls, .is_traced = options.is_traced};
      uint64_t made = 0;
      int status = run_apart(one, options.patience, &made);
      ++ran;
      total += made;
      if (status == 0) continue;
      ++failed;
      const char* how = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "does not end" : "fails";
      std::printf("seed %lu %s: ./dev fuzz --seed %lu --seeds 1 --calls %lu --isa %s\n", seed, how, seed, options.calls,
                  hal::description(isa).name.data());
      std::fflush(stdout);
    }
  }
  std::printf("%lu calls in %lu runs, %lu failed\n", total, ran, failed);
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace halcyon::test::fuzz

int main(int count, char** words) {
  testing::InitGoogleTest();
  return halcyon::test::fuzz::fuzz(halcyon::test::fuzz::parse(count, words));
}
