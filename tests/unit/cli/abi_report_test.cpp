// `halcyon abi`.
#include "cli/abi_report.h"

#include <gtest/gtest.h>

#include "syscalls/table.h"

namespace halcyon::cli {
namespace {

size_t count_lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

TEST(AbiReport, OneLinePerCall) {
  std::string text = describe_abi({});
  EXPECT_EQ(count_lines(text), syscall_entries().size() + 3);
  EXPECT_NE(text.find("\nread                              0       63  whole\n"), std::string::npos);
  EXPECT_NE(text.find("\nopen                              2        -  whole\n"), std::string::npos);
  EXPECT_EQ(text.find("backwards"), std::string::npos);
}

TEST(AbiReport, CountsAreThoseOfTheTable) {
  size_t all = 0, whole = 0;
  for (const SyscallEntry& entry : syscall_entries()) {
    if (entry.number_generic == no_number) continue;
    ++all;
    whole += entry.note.empty();
  }
  EXPECT_NE(describe_abi({}).find("riscv64: " + std::to_string(all) + " system calls, " + std::to_string(whole) + " of them whole\n"),
            std::string::npos);
}

TEST(AbiReport, OfOneIsa) {
  std::string text = describe_abi({.isa = hal::Isa::riscv64});
  EXPECT_EQ(text.find("\nopen "), std::string::npos);
  EXPECT_EQ(text.find("x86_64"), std::string::npos);
  EXPECT_NE(text.find("\nread                             63  whole\n"), std::string::npos);
}

TEST(AbiReport, OnlyPartial) {
  std::string text = describe_abi({.only_partial = true});
  EXPECT_EQ(text.find("  whole\n"), std::string::npos);
  EXPECT_NE(text.find("\nioctl "), std::string::npos);
}

TEST(AbiReport, AsAPage) {
  std::string text = describe_abi({.markdown = true});
  EXPECT_EQ(text.find("# "), 0u);
  EXPECT_NE(text.find("\n| `read` | 0 | 63 | whole |\n"), std::string::npos);
  EXPECT_NE(text.find("\n| `ioctl` | 16 | 29 | partial: "), std::string::npos);
}

}  // namespace
}  // namespace halcyon::cli
