// What `halcyon elf` says about whole, odd and damaged files.
#include "cli/elf/elf_report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/cli/make_elf.h"

namespace halcyon::cli {
namespace {

using Strings = std::vector<std::string>;

ElfFile read_segments(std::vector<Elf64_Phdr> segments, unsigned machine = EM_X86_64) { return read_elf(make_elf_with(segments, machine)); }
std::string problem(std::vector<Elf64_Phdr> segments, unsigned machine = EM_X86_64) { return read_segments(segments, machine).problem; }

TEST(ElfSegments, WholeOnes) {
  EXPECT_EQ(problem({load_segment(0, 0x100, 0x100), load_segment(0x1000, 0, 0x5000, PF_R | PF_W)}), "");
  // Neighbours on one page, as linkers make them.
  EXPECT_EQ(problem({load_segment(0, 0x80, 0x80), load_segment(0x80, 0x80, 0x80, PF_R | PF_W, 0x80)}), "");
}

TEST(ElfSegments, Overlapping) {
  EXPECT_EQ(problem({load_segment(0, 0x100, 0x3000), load_segment(0x1000, 0, 0x1000), load_segment(0x2000, 0, 0x1000)}),
            "its segments 1 and 2 overlap");
  EXPECT_EQ(problem({load_segment(0, 0x100, 0x100), load_segment(0x2000, 0, 0x2000), load_segment(0x1000, 0, 0x1001)}),
            "its segments 2 and 3 overlap");
}

TEST(ElfSegments, HugeOnes) {
  EXPECT_EQ(problem({load_segment(0, 0x100, uint64_t{1} << 62)}),
            "its segment 1 of 0x4000000000000000 bytes at 0x0 reaches beyond the addresses of a program");
  EXPECT_EQ(problem({load_segment(0xffff'ffff'ffff'f000, 0x100, 0x1000)}),
            "its segment 1 of 0x1000 bytes at 0xfffffffffffff000 reaches beyond the addresses of a program");
  EXPECT_EQ(problem({load_segment(0x40'0000'0000, 0x100, 0x100)}), "");
  EXPECT_EQ(problem({load_segment(0x40'0000'0000, 0x100, 0x100)}, EM_RISCV),
            "its segment 1 of 0x100 bytes at 0x4000000000 reaches beyond the addresses of a program");
}

TEST(ElfSegments, CutShortAndInconsistent) {
  EXPECT_EQ(problem({load_segment(0, 0x101, 0x101)}), "it is cut short: its segment 1 ends at byte 257 of the file, which has 256");
  EXPECT_EQ(problem({load_segment(0, 0x100, 0x80)}), "its segment 1 is larger in the file than in memory");
  EXPECT_EQ(problem({load_segment(0x40, 0x80, 0x80)}), "its segment 1 at 0x40 cannot be mapped from 0x0 in the file");
  EXPECT_EQ(problem({}), "it has no segments to load");
  EXPECT_EQ(problem({load_segment(0, 0, 0)}), "it has no segments to load");
}

TEST(ElfSegments, Oddities) {
  EXPECT_EQ(read_segments({load_segment(0, 0x100, 0x100)}).oddities, Strings{});
  EXPECT_EQ(read_segments({load_segment(0, 0x100, 0x100, PF_R | PF_W | PF_X)}).oddities, Strings{"segment 1 is writable and executable"});
  EXPECT_EQ(read_segments({load_segment(0, 0x100, 0x100, PF_R)}).oddities, Strings{"its entry 0x80 is in no executable segment"});
  EXPECT_EQ(read_segments({load_segment(0x1000, 0, 0x1000, 0), load_segment(0, 0x100, 0x100)}).oddities,
            (Strings{"segment 1 permits no access", "segment 2 lies before the one that precedes it"}));
  EXPECT_EQ(read_segments({load_segment(0, 0x100, 0x100), load_segment(0x1000, 0, uint64_t{3} << 30, PF_R | PF_W)}).oddities,
            Strings{"it may use 3072 MiB of memory; see --memory"});
  Elf64_Phdr stack{};
  stack.p_type = PT_GNU_STACK;
  stack.p_flags = PF_R | PF_W | PF_X;
  EXPECT_EQ(read_segments({load_segment(0, 0x100, 0x100), stack}).oddities, Strings{"it wants an executable stack"});
  Elf64_Phdr crooked = load_segment(0, 0x100, 0x100);
  crooked.p_align = 0x1800;
  EXPECT_EQ(read_segments({crooked}).oddities, Strings{"segment 1 has an alignment of 0x1800, which is no power of two"});
}

TEST(ElfReport, SaysWhatItNeeds) {
  bool would_run = true;
  GuestTree tree("none", {});
  std::string text = describe_elf(read_elf(make_elf(EM_RISCV, "/lib/ld.so")), "p", tree, &would_run);
  EXPECT_FALSE(would_run);
  EXPECT_NE(text.find("RISC-V"), std::string::npos);
  EXPECT_NE(text.find("interpreter  /lib/ld.so"), std::string::npos);
  EXPECT_NE(text.find("would run    no: its interpreter /lib/ld.so is not in the guest's root"), std::string::npos) << text;
  text = describe_elf(read_elf(make_elf()), "p", tree, &would_run);
  EXPECT_TRUE(would_run);
  EXPECT_NE(text.find("would run    yes, on x86_64"), std::string::npos);
}

TEST(ElfReport, ThisTest) {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  std::string contents{std::istreambuf_iterator<char>(file), {}};
  ElfFile elf = read_elf(contents);
  EXPECT_EQ(elf.problem, "");
  EXPECT_NE(std::find(elf.needed.begin(), elf.needed.end(), "libc.so.6"), elf.needed.end());
}

// Whatever is wrong with a file, it is described, never believed.
TEST(ElfReport, DamagedFiles) {
  GuestTree tree("none", {});
  std::string good = make_elf(EM_X86_64, "/lib/ld.so");
  uint32_t random = 1;
  auto next = [&] { return random = random * 1664525 + 1013904223; };
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = good;
    for (int change = next() >> 28; change >= 0; --change) bad[next() % bad.size()] = static_cast<char>(next() >> 24);
    if (next() % 4 == 0) bad.resize(next() % bad.size());
    bool would_run = false;
    std::string text = describe_elf(read_elf(bad), "p", tree, &would_run);
    ASSERT_FALSE(text.empty());
  }
}

// A root with a program that needs libraries.
class ElfLibraries : public testing::Test {
 protected:
  ElfLibraries() { EXPECT_TRUE(mkdtemp(root_.data())); }
  ~ElfLibraries() override { std::filesystem::remove_all(root_); }

  void put(const std::string& path, const std::string& contents) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path, std::ios::binary) << contents;
  }
  std::string find(const std::string& library, const std::string& run_path = "", const std::string& origin = "") {
    ElfFile file;
    file.isa = hal::Isa::riscv64;
    file.run_path = run_path;
    return find_library(GuestTree(root_, {}), file, library, origin);
  }

  std::string root_ = "/tmp/halcyon-root-XXXXXX";
};

TEST_F(ElfLibraries, InTheUsualDirectories) {
  EXPECT_EQ(find("libx.so.1"), "");
  put("/usr/lib/libx.so.1", make_elf(EM_RISCV));
  EXPECT_EQ(find("libx.so.1"), "/usr/lib/libx.so.1");
  put("/lib/riscv64-linux-gnu/libx.so.1", make_elf(EM_RISCV));
  EXPECT_EQ(find("libx.so.1"), "/lib/riscv64-linux-gnu/libx.so.1");
}

TEST_F(ElfLibraries, OfAnotherMachineDoesNotCount) {
  put("/lib/riscv64-linux-gnu/libx.so.1", make_elf(EM_X86_64));
  put("/lib/libx.so.1", make_elf(EM_RISCV));
  EXPECT_EQ(find("libx.so.1"), "/lib/libx.so.1");
}

TEST_F(ElfLibraries, OnTheRunPath) {
  put("/opt/lib/libx.so.1", make_elf(EM_RISCV));
  put("/opt/bin/p", make_elf(EM_RISCV));
  put("/lib/libx.so.1", make_elf(EM_RISCV));
  EXPECT_EQ(find("libx.so.1", "/nowhere:/opt/lib"), "/opt/lib/libx.so.1");
  EXPECT_EQ(find("libx.so.1", "$ORIGIN/../lib", "/opt/bin"), "/opt/bin/../lib/libx.so.1");
  EXPECT_EQ(find("libx.so.1", "$ORIGIN/../lib"), "/lib/libx.so.1");
}

TEST_F(ElfLibraries, InTheCache) {
  using namespace std::literals;
  put("/strange/libx.so.1", make_elf(EM_RISCV));
  put("/etc/ld.so.cache", "glibc-ld.so.cache1.1\0libx.so.1\0/strange/libx.so.1\0"s);
  EXPECT_EQ(find("libx.so.1"), "/strange/libx.so.1");
  EXPECT_EQ(find("x.so.1"), "");
}

}  // namespace
}  // namespace halcyon::cli
