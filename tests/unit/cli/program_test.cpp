// Finding programs in a guest's tree, judging ELF files, and the environment.
#include "cli/program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/failure.h"
#include "tests/unit/cli/make_elf.h"

namespace halcyon::cli {
namespace {

// A host directory that serves as the guest's root.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest() { EXPECT_TRUE(mkdtemp(root_.data())); }
  ~ProgramTest() override { std::filesystem::remove_all(root_); }

  void put(const std::string& path, const std::string& contents, mode_t mode = 0755) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path, std::ios::binary) << contents;
    chmod((root_ + path).c_str(), mode);
  }
  void link(const std::string& path, const std::string& target) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    EXPECT_EQ(symlink(target.c_str(), (root_ + path).c_str()), 0);
  }
  Program find(const std::string& name, std::optional<hal::Isa> isa = {}, const std::string& path = "/bin:/usr/bin") {
    return find_program(GuestTree(root_, binds_), name, path, "/home", isa);
  }
  std::string refusal(const std::string& name, std::optional<hal::Isa> isa = {}) {
    try {
      find(name, isa);
    } catch (const Failure& failure) {
      return std::to_string(failure.status()) + " " + failure.what();
    }
    return "found";
  }

  std::string root_ = "/tmp/halcyon-root-XXXXXX";
  std::vector<Bind> binds_;
};

TEST_F(ProgramTest, ByPath) {
  put("/opt/p", make_elf());
  Program program = find("/opt/p");
  EXPECT_EQ(program.path, "/opt/p");
  EXPECT_EQ(program.isa, hal::Isa::x86_64);
}

TEST_F(ProgramTest, RelativeToTheWorkingDirectory) {
  put("/home/p", make_elf());
  EXPECT_EQ(find("./p").path, "./p");
  EXPECT_EQ(refusal("p"), "127 p: not found in the guest's PATH (/bin:/usr/bin)");
}

TEST_F(ProgramTest, InThePath) {
  put("/bin/p", "not executable", 0644);
  put("/usr/bin/p", make_elf(EM_RISCV));
  Program program = find("p");
  EXPECT_EQ(program.path, "/usr/bin/p");
  EXPECT_EQ(program.isa, hal::Isa::riscv64);
}

TEST_F(ProgramTest, AnEmptyElementOfThePathIsTheWorkingDirectory) {
  put("/home/p", make_elf());
  EXPECT_EQ(find("p", {}, "/bin::/usr/bin").path, "/home/p");
}

TEST_F(ProgramTest, SymlinksStayInTheRoot) {
  put("/usr/bin/busybox", make_elf());
  link("/bin", "/usr/bin");
  link("/usr/bin/sh", "busybox");
  link("/up", "../../../../bin/sh");
  EXPECT_EQ(find("/bin/sh").isa, hal::Isa::x86_64);
  EXPECT_EQ(find("/up").isa, hal::Isa::x86_64);
}

TEST_F(ProgramTest, SymlinkLoop) {
  link("/bin/a", "b");
  link("/bin/b", "a");
  EXPECT_TRUE(refusal("/bin/a").starts_with("126 /bin/a: "));
}

TEST_F(ProgramTest, MissingAndForbidden) {
  put("/bin/text", make_elf(), 0644);
  put("/bin/dir/x", "");
  EXPECT_EQ(refusal("/bin/none"), "127 /bin/none: No such file or directory");
  EXPECT_EQ(refusal("/bin/text/x"), "127 /bin/text/x: Not a directory");
  EXPECT_EQ(refusal("/bin/text"), "126 /bin/text: Permission denied");
  EXPECT_EQ(refusal("text"), "126 text: Permission denied");
  EXPECT_EQ(refusal("/bin/dir"), "126 /bin/dir: Is a directory");
}

TEST_F(ProgramTest, NotAProgram) {
  put("/bin/text", "echo hello\n");
  put("/bin/empty", "");
  put("/bin/short", make_elf().substr(0, 20));
  put("/bin/object", make_elf(EM_X86_64, "", ET_REL));
  put("/bin/arm", make_elf(EM_AARCH64));
  EXPECT_EQ(refusal("text"), "126 text: neither an ELF program nor a script that begins with #!");
  EXPECT_EQ(refusal("empty"), "126 empty: neither an ELF program nor a script that begins with #!");
  EXPECT_TRUE(refusal("short").starts_with("126 short: cannot be executed: ")) << refusal("short");
  EXPECT_EQ(refusal("object"), "126 object: cannot be executed: not a program but a relocatable object");
  EXPECT_EQ(refusal("arm"), "126 arm: cannot be executed: for another machine: aarch64, 64 bits, little-endian");
}

TEST_F(ProgramTest, AnotherIsaThanAsked) {
  put("/bin/p", make_elf(EM_RISCV));
  EXPECT_EQ(refusal("p", hal::Isa::x86_64), "126 p: is a program for riscv64, but --isa says x86_64");
  EXPECT_EQ(find("p", hal::Isa::riscv64).isa, hal::Isa::riscv64);
}

TEST_F(ProgramTest, Interpreters) {
  put("/bin/p", make_elf(EM_RISCV, "/lib/ld-test-riscv.so.1"));
  std::string message = refusal("p");
  EXPECT_EQ(message,
            "127 p: its interpreter /lib/ld-test-riscv.so.1 is not in the guest's root; give --root DIR or --root FILE.tar with a riscv64 "
            "system that has it");
  put("/lib/ld-test-riscv.so.1", make_elf(EM_X86_64));
  EXPECT_EQ(refusal("p"), "126 p: is for riscv64, but its interpreter /lib/ld-test-riscv.so.1 is for x86_64");
  put("/lib/ld-test-riscv.so.1", make_elf(EM_RISCV));
  EXPECT_EQ(find("p").isa, hal::Isa::riscv64);
}

TEST_F(ProgramTest, Scripts) {
  put("/bin/sh", make_elf(EM_RISCV));
  put("/bin/script", "#! /bin/sh -e\necho\n");
  put("/bin/outer", "#!/bin/script\n");
  EXPECT_EQ(find("script").path, "/bin/script");
  EXPECT_EQ(find("outer").isa, hal::Isa::riscv64);
}

TEST_F(ProgramTest, ScriptErrors) {
  put("/bin/lost", "#!/bin/nowhere\n");
  put("/bin/blank", "#!\n");
  put("/bin/self", "#!/bin/self\n");
  EXPECT_EQ(refusal("lost"), "127 lost: its interpreter /bin/nowhere is not in the guest's root");
  EXPECT_EQ(refusal("blank"), "126 blank: its first line names no interpreter");
  EXPECT_TRUE(refusal("self").starts_with("126 self: scripts that name scripts"));
}

TEST_F(ProgramTest, BoundDirectories) {
  std::filesystem::create_directories(root_ + "/elsewhere");
  put("/elsewhere/p", make_elf());
  binds_.push_back({root_ + "/elsewhere", "/mnt/deep/tools", false});
  EXPECT_EQ(find("/mnt/deep/tools/p").isa, hal::Isa::x86_64);
  GuestTree tree("none", binds_);
  int error = 0;
  EXPECT_TRUE(tree.resolve("/mnt/deep", &error)->is_directory());
  EXPECT_FALSE(tree.resolve("/bin", &error));
  EXPECT_EQ(error, ENOENT);
}

TEST_F(ProgramTest, MissingRootsAndBinds) {
  EXPECT_THROW(GuestTree(root_ + "/nothing", {}), Failure);
  EXPECT_THROW(GuestTree(root_, {{root_ + "/nothing", "/x", false}}), Failure);
  put("/file", "");
  GuestTree tree(root_, {{root_ + "/file", "/x", false}});
  EXPECT_FALSE(tree.binds().at(0).is_directory);
  EXPECT_THROW(GuestTree(root_, {{"/dev/null", "/x", false}}), Failure);
}

TEST(Environment, OverridesAndDefaults) {
  auto environment = build_environment({"HOME=/root", "A=1"}, {{"A", "2"}, {"B", ""}});
  EXPECT_EQ(find_variable(environment, "A"), "2");
  EXPECT_EQ(find_variable(environment, "HOME"), "/root");
  EXPECT_EQ(find_variable(environment, "PATH"), default_path);
  EXPECT_EQ(std::count(environment.begin(), environment.end(), "B="), 1);
  EXPECT_EQ(std::count(environment.begin(), environment.end(), "A=1"), 0);
}

TEST(Environment, ThePathIsKept) {
  EXPECT_EQ(find_variable(build_environment({"PATH=/x"}, {}), "PATH"), "/x");
  EXPECT_EQ(find_variable(build_environment({"PATH=/x"}, {{"PATH", "/y"}}), "PATH"), "/y");
}

}  // namespace
}  // namespace halcyon::cli
