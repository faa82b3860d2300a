// Creating, removing and renaming names.
#include "tests/unit/fs/tree.h"

namespace halcyon::test {
namespace {

using Names = FsTest;

TEST_F(Names, MkdirMakesADirectoryWithTwoLinks) {
  EXPECT_EQ(root.mkdir("/d", 0777), "");
  Attributes d = root.stat("/d");
  EXPECT_EQ(d.type, FileType::directory);
  EXPECT_EQ(d.permissions, 0755u);
  EXPECT_EQ(d.links, 2u);
  EXPECT_EQ(root.stat("/").links, 3u);
}

TEST_F(Names, MkdirErrors) {
  root.put("/f", "x");
  root.mkdir("/d");
  EXPECT_EQ(root.mkdir("/d"), "EEXIST");
  EXPECT_EQ(root.mkdir("/f"), "EEXIST");
  EXPECT_EQ(root.mkdir("/"), "EEXIST");
  EXPECT_EQ(root.mkdir("."), "EEXIST");
  EXPECT_EQ(root.mkdir("/d/.."), "EEXIST");
  EXPECT_EQ(root.mkdir("/none/x"), "ENOENT");
  EXPECT_EQ(root.mkdir("/f/x"), "ENOTDIR");
  EXPECT_EQ(root.mkdir(""), "ENOENT");
  EXPECT_EQ(user.mkdir("/u"), "EACCES");
  EXPECT_EQ(root.mkdir("/new/"), "");
}

TEST_F(Names, UnlinkErrors) {
  root.put("/f", "x");
  root.mkdir("/d");
  EXPECT_EQ(root.unlink("/none"), "ENOENT");
  EXPECT_EQ(root.unlink("/d"), "EISDIR");
  EXPECT_EQ(root.unlink("/d/"), "EISDIR");
  EXPECT_EQ(root.unlink("/"), "EISDIR");
  EXPECT_EQ(root.unlink("."), "EISDIR");
  EXPECT_EQ(root.unlink("/f/"), "ENOTDIR");
  EXPECT_EQ(root.unlink("/f/x"), "ENOTDIR");
  EXPECT_EQ(user.unlink("/f"), "EACCES");
  EXPECT_EQ(root.unlink("/f"), "");
  EXPECT_EQ(root.unlink("/f"), "ENOENT");
}

TEST_F(Names, AnUnlinkedFileLivesWhileOpen) {
  root.put("/f", "hello");
  auto file = must(root.open("/f", flag::read_write));
  EXPECT_EQ(root.unlink("/f"), "");
  EXPECT_EQ(read_all(*file), "hello");
  EXPECT_EQ(must(file->attributes()).links, 0u);
  EXPECT_EQ(describe(*file), "/f (deleted)");
  root.put("/f", "other");
  EXPECT_EQ(must(file->attributes()).size, 5u);
  EXPECT_EQ(root.get("/f"), "other");
}

TEST_F(Names, RmdirErrors) {
  root.put("/f", "x");
  root.mkdir("/d");
  root.mkdir("/d/e");
  EXPECT_EQ(root.rmdir("/d"), "ENOTEMPTY");
  EXPECT_EQ(root.rmdir("/f"), "ENOTDIR");
  EXPECT_EQ(root.rmdir("/d/."), "EINVAL");
  EXPECT_EQ(root.rmdir("/d/e/.."), "ENOTEMPTY");
  EXPECT_EQ(root.rmdir("/"), "EBUSY");
  EXPECT_EQ(root.rmdir("/none"), "ENOENT");
  EXPECT_EQ(root.rmdir("/d/e/"), "");
  EXPECT_EQ(root.rmdir("/d"), "");
  EXPECT_EQ(root.stat("/").links, 2u);
}

TEST_F(Names, NothingCanBeMadeInARemovedDirectory) {
  root.mkdir("/d");
  EXPECT_EQ(root.chdir("/d"), "");
  EXPECT_EQ(root.rmdir("/d"), "");
  EXPECT_EQ(root.mkdir("x"), "ENOENT");
  EXPECT_EQ(error_of(root.open("x", flag::create | flag::write_only)), "ENOENT");
  EXPECT_EQ(root.cwd(), "!ENOENT");
  EXPECT_EQ(root.stat_error(".."), "");
  EXPECT_EQ(root.stat(".").links, 0u);
}

TEST_F(Names, SymlinkAndReadlink) {
  EXPECT_EQ(root.symlink("some/where", "/l"), "");
  EXPECT_EQ(root.readlink("/l"), "some/where");
  EXPECT_EQ(root.lstat("/l").size, 10u);
  EXPECT_EQ(root.lstat("/l").permissions, 0777u);
  EXPECT_EQ(root.symlink("x", "/l"), "EEXIST");
  EXPECT_EQ(root.symlink("", "/m"), "ENOENT");
  EXPECT_EQ(root.symlink("x", "/m/"), "ENOENT");
  EXPECT_EQ(root.readlink("/"), "!EINVAL");
}

TEST_F(Names, LinkMakesASecondName) {
  root.put("/f", "x");
  EXPECT_EQ(root.link("/f", "/g"), "");
  EXPECT_EQ(root.stat("/g").inode, root.stat("/f").inode);
  EXPECT_EQ(root.stat("/g").links, 2u);
  EXPECT_EQ(root.unlink("/f"), "");
  EXPECT_EQ(root.stat("/g").links, 1u);
  EXPECT_EQ(root.get("/g"), "x");
}

TEST_F(Names, LinkErrors) {
  root.put("/f", "x");
  root.mkdir("/d");
  root.symlink("/f", "/l");
  EXPECT_EQ(root.link("/d", "/e"), "EPERM");
  EXPECT_EQ(root.link("/none", "/e"), "ENOENT");
  EXPECT_EQ(root.link("/f", "/d"), "EEXIST");
  EXPECT_EQ(root.link("/f", "/d/"), "EEXIST");
  EXPECT_EQ(root.link("/f", "/e/"), "ENOENT");
  EXPECT_EQ(root.link("/l", "/e"), "");
  EXPECT_EQ(root.lstat("/e").type, FileType::symlink);
  EXPECT_EQ(root.link("/l", "/g", follow), "");
  EXPECT_EQ(root.lstat("/g").type, FileType::regular);
}

TEST_F(Names, MknodMakesSpecialFiles) {
  EXPECT_EQ(root.mknod("/p", 0010644), "");
  EXPECT_EQ(root.stat("/p").type, FileType::fifo);
  EXPECT_EQ(root.mknod("/r", 0644), "");
  EXPECT_EQ(root.stat("/r").type, FileType::regular);
  EXPECT_EQ(root.mknod("/c", 0020666, make_device(1, 3)), "");
  EXPECT_EQ(root.stat("/c").special_device, make_device(1, 3));
  EXPECT_EQ(root.mknod("/d", 0040755), "EPERM");
  EXPECT_EQ(root.mknod("/l", 0120777), "EINVAL");
  root.mkdir("/pub");
  root.chmod("/pub", 0777);
  EXPECT_EQ(user.mknod("/pub/c", 0020666, make_device(1, 3)), "EPERM");
  EXPECT_EQ(user.mknod("/pub/p", 0010644), "");
}

TEST_F(Names, RenameMovesAFile) {
  root.mkdir("/a");
  root.mkdir("/b");
  root.put("/a/f", "x");
  uint64_t inode = root.stat("/a/f").inode;
  EXPECT_EQ(root.rename("/a/f", "/b/g"), "");
  EXPECT_FALSE(root.exists("/a/f"));
  EXPECT_EQ(root.stat("/b/g").inode, inode);
  EXPECT_EQ(root.get("/b/g"), "x");
}

TEST_F(Names, RenameReplacesAFile) {
  root.put("/f", "new");
  root.put("/g", "old");
  auto old = must(root.open("/g"));
  EXPECT_EQ(root.rename("/f", "/g"), "");
  EXPECT_EQ(root.get("/g"), "new");
  EXPECT_EQ(read_all(*old), "old");
  EXPECT_EQ(must(old->attributes()).links, 0u);
}

TEST_F(Names, RenameDirectories) {
  root.mkdir("/a");
  root.mkdir("/a/sub");
  root.mkdir("/b");
  root.put("/f", "x");
  EXPECT_EQ(root.rename("/a", "/a/sub/x"), "EINVAL");
  EXPECT_EQ(root.rename("/a", "/a"), "");
  EXPECT_EQ(root.rename("/a/sub", "/a"), "ENOTEMPTY");
  EXPECT_EQ(root.rename("/a", "/f"), "ENOTDIR");
  EXPECT_EQ(root.rename("/f", "/a"), "EISDIR");
  EXPECT_EQ(root.rename("/b", "/a"), "ENOTEMPTY");
  EXPECT_EQ(root.rename("/a", "/b"), "");
  EXPECT_TRUE(root.exists("/b/sub"));
  EXPECT_EQ(root.stat("/").links, 3u);
  EXPECT_EQ(root.stat("/b").links, 3u);
}

TEST_F(Names, RenameMovesADirectoryWithItsParentLink) {
  root.mkdir("/a");
  root.mkdir("/b");
  root.mkdir("/a/d");
  EXPECT_EQ(root.rename("/a/d", "/b/d"), "");
  EXPECT_EQ(root.stat("/a").links, 2u);
  EXPECT_EQ(root.stat("/b").links, 3u);
  EXPECT_EQ(root.stat("/b/d/..").inode, root.stat("/b").inode);
}

TEST_F(Names, RenameErrors) {
  root.put("/f", "x");
  root.mkdir("/d");
  EXPECT_EQ(root.rename("/none", "/x"), "ENOENT");
  EXPECT_EQ(root.rename("/f", "/none/x"), "ENOENT");
  EXPECT_EQ(root.rename("/f/", "/x"), "ENOTDIR");
  EXPECT_EQ(root.rename("/f", "/x/"), "ENOTDIR");
  EXPECT_EQ(root.rename("/d", "/e/"), "");
  EXPECT_EQ(root.rename("/e/.", "/x"), "EBUSY");
  EXPECT_EQ(root.rename("/", "/x"), "EBUSY");
  EXPECT_EQ(root.rename("/f", "/e/.."), "EBUSY");
  EXPECT_EQ(user.rename("/f", "/x"), "EACCES");
}

TEST_F(Names, RenameOfTwoNamesOfOneFileDoesNothing) {
  root.put("/f", "x");
  root.link("/f", "/g");
  EXPECT_EQ(root.rename("/f", "/g"), "");
  EXPECT_TRUE(root.exists("/f"));
  EXPECT_TRUE(root.exists("/g"));
}

TEST_F(Names, RenameNoReplaceAndExchange) {
  root.put("/f", "f");
  root.put("/g", "g");
  root.mkdir("/d");
  EXPECT_EQ(root.rename("/f", "/g", fs::rename_flag::no_replace), "EEXIST");
  EXPECT_EQ(root.rename("/f", "/h", fs::rename_flag::no_replace), "");
  EXPECT_EQ(root.rename("/h", "/g", fs::rename_flag::exchange), "");
  EXPECT_EQ(root.get("/h"), "g");
  EXPECT_EQ(root.get("/g"), "f");
  EXPECT_EQ(root.rename("/h", "/none", fs::rename_flag::exchange), "ENOENT");
  EXPECT_EQ(root.rename("/h", "/d", fs::rename_flag::exchange), "");
  EXPECT_EQ(root.stat("/h").type, FileType::directory);
  EXPECT_EQ(root.get("/d"), "g");
  EXPECT_EQ(root.rename("/g", "/x", fs::rename_flag::exchange | fs::rename_flag::no_replace), "EINVAL");
  EXPECT_EQ(root.rename("/g", "/x", 8), "EINVAL");
}

TEST_F(Names, AWorkingDirectoryFollowsARename) {
  root.mkdir("/a");
  root.mkdir("/a/b");
  root.mkdir("/c");
  root.chdir("/a/b");
  EXPECT_EQ(root.cwd(), "/a/b");
  EXPECT_EQ(root.rename("/a", "/c/" + std::string(200, 'n')), "");
  EXPECT_EQ(root.cwd(), "/c/" + std::string(200, 'n') + "/b");
}

TEST_F(Names, StickyDirectoriesProtectTheFilesOfOthers) {
  root.mkdir("/tmp");
  root.chmod("/tmp", 01777);
  root.put("/tmp/of_root", "x");
  EXPECT_EQ(user.unlink("/tmp/of_root"), "EPERM");
  EXPECT_EQ(user.rename("/tmp/of_root", "/tmp/x"), "EPERM");
  user.put("/tmp/of_user", "x");
  EXPECT_EQ(user.rename("/tmp/of_user", "/tmp/of_root"), "EPERM");
  EXPECT_EQ(user.unlink("/tmp/of_user"), "");
}

TEST_F(Names, SetGidDirectoriesPassOnTheirGroup) {
  root.mkdir("/g");
  root.chown("/g", 1000, 77);
  root.chmod("/g", 02777);
  user.put("/g/f", "x");
  EXPECT_EQ(root.stat("/g/f").gid, 77u);
  EXPECT_EQ(user.mkdir("/g/d"), "");
  EXPECT_EQ(root.stat("/g/d").gid, 77u);
  EXPECT_EQ(root.stat("/g/d").permissions, 02755u);
}

TEST_F(Names, LongNames) {
  std::string fits(255, 'n'), too_long(256, 'n');
  root.put("/" + fits, "x");
  EXPECT_EQ(root.get("/" + fits), "x");
  EXPECT_EQ(root.mkdir("/" + too_long), "ENAMETOOLONG");
  EXPECT_EQ(root.stat_error("/" + too_long), "ENAMETOOLONG");
  EXPECT_EQ(root.stat_error("/" + too_long + "/x"), "ENAMETOOLONG");
  EXPECT_EQ(root.unlink("/" + too_long), "ENAMETOOLONG");
  EXPECT_EQ(root.rename("/" + fits, "/" + too_long), "ENAMETOOLONG");
  EXPECT_EQ(root.stat_error(std::string(4096, '/')), "ENAMETOOLONG");
  EXPECT_EQ(root.stat_error(std::string(4095, '/')), "");
}

TEST_F(Names, DirectoryTimesChangeWithTheirEntries) {
  root.mkdir("/d");
  Nanoseconds before = root.stat("/d").modified;
  kernel.time.advance();
  root.put("/d/f", "x");
  Nanoseconds made = root.stat("/d").modified;
  EXPECT_GT(made, before);
  kernel.time.advance();
  root.link("/d/f", "/d/g");
  EXPECT_GT(root.stat("/d").modified, made);
  EXPECT_GT(root.stat("/d/f").changed, made);
  kernel.time.advance();
  root.unlink("/d/f");
  EXPECT_EQ(root.stat("/d").modified, kernel.time.now);
  EXPECT_EQ(root.stat("/d/g").changed, kernel.time.now);
}

TEST_F(Names, AHundredThousandNames) {
  root.mkdir("/big");
  for (int i = 0; i < 20000; ++i) {
    auto made = root.open("/big/file" + std::to_string(i), flag::create | flag::exclusive | flag::write_only, 0600);
    ASSERT_EQ(error_of(made), "");
  }
  EXPECT_EQ(root.names("/big").size(), 20000u);
  for (int i = 0; i < 20000; i += 2) ASSERT_EQ(root.unlink("/big/file" + std::to_string(i)), "");
  EXPECT_EQ(root.names("/big").size(), 10000u);
  EXPECT_TRUE(root.exists("/big/file19999"));
  EXPECT_FALSE(root.exists("/big/file19998"));
  EXPECT_LE(vfs.dentries().size(), 1100u);
}

TEST_F(Names, ATreeOfAnyDepthGoesWithoutRecursion) {
  ASSERT_EQ(root.mkdir("/top"), "");
  Ref<File> at = must(root.open("/top", flag::directory));
  for (int level = 0; level < 50000; ++level) {
    ASSERT_EQ(error_of(fs::mkdir(root.caller(), root.at(at), "d", 0755)), "");
    at = must(fs::open(root.caller(), root.at(at), "d", flag::directory, 0));
  }
}

}  // namespace
}  // namespace halcyon::test
