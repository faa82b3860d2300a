// Path resolution (path_resolution(7)).
#include "tests/unit/fs/tree.h"

namespace halcyon::test {
namespace {

class WalkTest : public FsTest {
 protected:
  void SetUp() override {
    root.mkdir("/a");
    root.mkdir("/a/b");
    root.put("/a/b/f", "content");
    root.put("/file", "x");
  }
};

TEST_F(WalkTest, FindsObjectsThroughSlashesAndDots) {
  uint64_t inode = root.stat("/a/b/f").inode;
  for (const char* path : {"/a/b/f", "//a///b//f", "/./a/./b/f", "/a/b/../b/f", "/../../a/b/f", "a/b/f", "./a/b/f", "a/../a/b/f"})
    EXPECT_EQ(root.stat(path).inode, inode) << path;
}

TEST_F(WalkTest, EmptyPathIsNothing) {
  EXPECT_EQ(root.stat_error(""), "ENOENT");
  EXPECT_EQ(error_of(root.open("")), "ENOENT");
  EXPECT_EQ(root.unlink(""), "ENOENT");
}

TEST_F(WalkTest, EmptyPathWithAtEmptyPathIsTheStart) {
  auto file = must(root.open("/file"));
  EXPECT_EQ(must(fs::stat(root.caller(), {file}, "", fs::walk_flag::allow_empty)).inode, root.stat("/file").inode);
  EXPECT_EQ(must(fs::stat(root.caller(), {}, "", fs::walk_flag::allow_empty)).inode, root.stat("/").inode);
}

TEST_F(WalkTest, NonDirectoriesInTheMiddle) {
  EXPECT_EQ(root.stat_error("/file/x"), "ENOTDIR");
  EXPECT_EQ(root.stat_error("/file/."), "ENOTDIR");
  EXPECT_EQ(root.stat_error("/file/.."), "ENOTDIR");
  EXPECT_EQ(root.stat_error("/none/x"), "ENOENT");
}

TEST_F(WalkTest, TrailingSlashMeansDirectory) {
  EXPECT_EQ(root.stat_error("/a/"), "");
  EXPECT_EQ(root.stat_error("/a//"), "");
  EXPECT_EQ(root.stat_error("/file/"), "ENOTDIR");
  EXPECT_EQ(root.stat_error("/none/"), "ENOENT");
  EXPECT_EQ(error_of(root.open("/file/")), "ENOTDIR");
  EXPECT_EQ(error_of(root.open("/new/", flag::create | flag::write_only)), "EISDIR");
}

TEST_F(WalkTest, SymlinksAreFollowedInTheMiddleAndAtTheEnd) {
  root.symlink("a/b", "/rel");
  root.symlink("/a/b", "/abs");
  root.symlink("f", "/a/b/l");
  root.symlink("../b/f", "/a/b/m");
  EXPECT_EQ(root.get("/rel/f"), "content");
  EXPECT_EQ(root.get("/abs/f"), "content");
  EXPECT_EQ(root.get("/abs/l"), "content");
  EXPECT_EQ(root.get("/rel/m"), "content");
  EXPECT_EQ(root.get("/rel/../b/f"), "content");
  EXPECT_EQ(root.lstat("/abs").type, FileType::symlink);
  EXPECT_EQ(root.lstat("/abs/").type, FileType::directory);
  EXPECT_EQ(root.stat("/abs").type, FileType::directory);
}

TEST_F(WalkTest, SymlinkChainsUpToForty) {
  root.put("/end", "x");
  std::string target = "/end";
  for (int i = 1; i <= 41; ++i) {
    std::string name = "/l" + std::to_string(i);
    root.symlink(target, name);
    target = name;
  }
  EXPECT_EQ(root.get("/l40"), "x");
  EXPECT_EQ(root.stat_error("/l41"), "ELOOP");
  root.symlink("/loop", "/loop");
  EXPECT_EQ(root.stat_error("/loop"), "ELOOP");
  EXPECT_EQ(root.stat_error("/loop/x"), "ELOOP");
  EXPECT_EQ(error_of(root.open("/loop", flag::create | flag::write_only)), "ELOOP");
}

TEST_F(WalkTest, DanglingSymlinks) {
  root.symlink("/nowhere", "/dangling");
  EXPECT_EQ(root.stat_error("/dangling"), "ENOENT");
  EXPECT_EQ(root.lstat("/dangling").type, FileType::symlink);
  EXPECT_EQ(root.mkdir("/dangling"), "EEXIST");
  EXPECT_EQ(error_of(root.open("/dangling", flag::create | flag::exclusive | flag::write_only)), "EEXIST");
  EXPECT_EQ(error_of(root.open("/dangling", flag::create | flag::write_only, 0600)), "");
  EXPECT_EQ(root.stat("/nowhere").type, FileType::regular);
}

TEST_F(WalkTest, NoFollow) {
  root.symlink("/file", "/l");
  EXPECT_EQ(error_of(root.open("/l", flag::no_follow)), "ELOOP");
  EXPECT_EQ(error_of(root.open("/l", flag::no_follow | flag::create | flag::write_only)), "ELOOP");
  auto place = must(root.open("/l", flag::no_follow | flag::path));
  EXPECT_EQ(must(place->attributes()).type, FileType::symlink);
  EXPECT_EQ(error_of(root.open("/l", flag::no_follow | flag::directory)), "ENOTDIR");
}

TEST_F(WalkTest, SearchPermissionIsNeededOnEveryDirectory) {
  EXPECT_EQ(user.get("/a/b/f"), "content");
  root.chmod("/a", 0700);
  EXPECT_EQ(user.stat_error("/a/b/f"), "EACCES");
  EXPECT_EQ(user.stat_error("/a"), "");
  EXPECT_EQ(user.stat_error("/a/"), "");
  EXPECT_EQ(user.stat_error("/a/none"), "EACCES");
  EXPECT_EQ(root.stat_error("/a/b/f"), "");
  root.chmod("/a", 0711);
  EXPECT_EQ(user.stat_error("/a/b/f"), "");
  EXPECT_EQ(error_of(user.open("/a")), "EACCES");
}

TEST_F(WalkTest, RelativeToADirectoryDescriptor) {
  auto a = must(root.open("/a", flag::directory));
  auto file = must(root.open("/file"));
  EXPECT_EQ(must(fs::stat(root.caller(), {a}, "b/f", 0)).inode, root.stat("/a/b/f").inode);
  EXPECT_EQ(must(fs::stat(root.caller(), {file}, "/a/b/f", 0)).inode, root.stat("/a/b/f").inode);
  EXPECT_EQ(error_of(fs::stat(root.caller(), {file}, "x", 0)), "ENOTDIR");
  auto place = must(root.open("/a", flag::path));
  EXPECT_EQ(must(fs::stat(root.caller(), {place}, "b/f", 0)).inode, root.stat("/a/b/f").inode);
}

TEST_F(WalkTest, WorkingDirectory) {
  EXPECT_EQ(root.cwd(), "/");
  EXPECT_EQ(root.chdir("a"), "");
  EXPECT_EQ(root.chdir("b"), "");
  EXPECT_EQ(root.cwd(), "/a/b");
  EXPECT_EQ(root.get("f"), "content");
  EXPECT_EQ(root.chdir(".."), "");
  EXPECT_EQ(root.cwd(), "/a");
  EXPECT_EQ(root.chdir("/file"), "ENOTDIR");
  EXPECT_EQ(root.chdir("/none"), "ENOENT");
  auto directory = must(root.open("/a/b", flag::directory));
  EXPECT_EQ(error_of(fs::fchdir(root.caller(), *directory)), "");
  EXPECT_EQ(root.cwd(), "/a/b");
  auto file = must(root.open("/file"));
  EXPECT_EQ(error_of(fs::fchdir(root.caller(), *file)), "ENOTDIR");
  root.chmod("/a", 0700);
  EXPECT_EQ(user.chdir("/a"), "EACCES");
}

TEST_F(WalkTest, ChrootIsAJail) {
  root.put("/a/secret_below", "y");
  EXPECT_EQ(error_of(fs::chroot(user.caller(), "/a")), "EPERM");
  EXPECT_EQ(error_of(fs::chroot(root.caller(), "/a")), "");
  root.chdir("/");
  EXPECT_EQ(root.cwd(), "/");
  EXPECT_EQ(root.get("/b/f"), "content");
  EXPECT_EQ(root.get("/../../b/f"), "content");
  EXPECT_EQ(root.stat_error("/file"), "ENOENT");
  root.symlink("/b", "/abs");
  EXPECT_EQ(root.get("/abs/f"), "content");
}

TEST_F(WalkTest, AWorkingDirectoryOutsideTheRootIsUnreachable) {
  root.chdir("/a");
  EXPECT_EQ(error_of(fs::chroot(root.caller(), "/a/b")), "");
  EXPECT_EQ(root.cwd(), "(unreachable)/a");
}

TEST_F(WalkTest, AccessUsesTheRequestedIdentity) {
  root.chmod("/file", 0600);
  EXPECT_EQ(user.access("/file", 0), "");
  EXPECT_EQ(user.access("/file", 4), "EACCES");
  EXPECT_EQ(root.access("/file", 6), "");
  EXPECT_EQ(root.access("/file", 1), "EACCES");
  EXPECT_EQ(root.access("/a", 1), "");
  EXPECT_EQ(root.access("/none", 0), "ENOENT");
  EXPECT_EQ(root.access("/file", 8), "EINVAL");
  // A set-user-ID program: effective root, real user.
  root.who->uid = 1000;
  root.who->gid = 1000;
  EXPECT_EQ(error_of(fs::access(root.caller(), {}, "/file", 4, false, 0)), "EACCES");
  EXPECT_EQ(error_of(fs::access(root.caller(), {}, "/file", 4, true, 0)), "");
}

TEST_F(WalkTest, GroupPermissions) {
  root.put("/g", "x", 0640);
  root.chown("/g", 0, 50);
  EXPECT_EQ(error_of(user.open("/g")), "EACCES");
  user.who = kernel.credentials(1000, 1000, {50});
  EXPECT_EQ(error_of(user.open("/g")), "");
  EXPECT_EQ(error_of(user.open("/g", flag::write_only)), "EACCES");
  // The owner's bits count for the owner even if the group's would allow more.
  root.chown("/g", 1000, 50);
  root.chmod("/g", 0040);
  EXPECT_EQ(error_of(user.open("/g")), "EACCES");
}

TEST_F(WalkTest, DacReadSearchReadsButDoesNotWrite) {
  root.put("/g", "x", 0000);
  user.who->effective = uint64_t{1} << capability::dac_read_search;
  EXPECT_EQ(error_of(user.open("/g")), "");
  EXPECT_EQ(error_of(user.open("/g", flag::write_only)), "EACCES");
}

TEST_F(WalkTest, CachedLookupsAllocateNothing) {
  root.stat("/a/b/f");
  uint64_t before = kernel.memory.heap().live_objects();
  for (int i = 0; i < 100; ++i) root.stat("/a/b/f");
  EXPECT_EQ(kernel.memory.heap().live_objects(), before);
}

TEST_F(WalkTest, UnusedDentriesAreForgottenBeyondTheLimit) {
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(root.stat_error("/none" + std::to_string(i)), "ENOENT");
  EXPECT_LE(vfs.dentries().size(), 1100u);
  EXPECT_EQ(root.get("/a/b/f"), "content");
  vfs.dentries().shrink(10000);
  EXPECT_EQ(vfs.dentries().size(), 0u);
  EXPECT_EQ(root.get("/a/b/f"), "content");
}

TEST_F(WalkTest, ANegativeDentryGoesWhenTheNameIsMade) {
  EXPECT_EQ(root.stat_error("/later"), "ENOENT");
  EXPECT_EQ(root.mkdir("/later"), "");
  EXPECT_EQ(root.stat_error("/later"), "");
  EXPECT_EQ(root.stat_error("/moved"), "ENOENT");
  EXPECT_EQ(root.rename("/later", "/moved"), "");
  EXPECT_EQ(root.stat_error("/moved"), "");
  EXPECT_EQ(root.stat_error("/later"), "ENOENT");
}

TEST_F(WalkTest, DeepTreesAreTakenDownWithoutRecursion) {
  root.chdir("/");
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(root.mkdir("d"), "");
    ASSERT_EQ(root.chdir("d"), "");
  }
  // Removed from the bottom while the deepest is still somebody's working directory.
  Program other = kernel.program();
  other.context = root.context;
  auto bottom = must(root.open("."));
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(root.chdir(".."), "");
    ASSERT_EQ(root.rmdir("d"), "");
  }
  bottom = nullptr;
  EXPECT_EQ(root.cwd(), "/");
}

}  // namespace
}  // namespace halcyon::test
