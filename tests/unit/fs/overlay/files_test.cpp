// The overlay: files that are read from below and written above.
#include <unistd.h>

#include "tests/unit/fs/overlay/overlay_fixture.h"

namespace halcyon::test {
namespace {

class OverlayFiles : public OverlayTest {
 protected:
  void SetUp() override {
    host.put("f", "from below", 0644);
    host.mkdir("d");
    host.put("d/g", "g");
    cover();
  }
};

TEST_F(OverlayFiles, AreReadFromBelow) {
  EXPECT_EQ(root.get("/top/f"), "from below");
  EXPECT_EQ(root.get("/top/d/g"), "g");
  EXPECT_EQ(root.stat("/top/f").size, 10u);
  EXPECT_EQ(root.stat("/top/f").permissions, 0644u);
  EXPECT_EQ(root.get("/top/nothing"), "!ENOENT");
}

TEST_F(OverlayFiles, WritesStayAbove) {
  uint64_t before = number("/top/f");
  auto file = must(root.open("/top/f", flag::read_write));
  must(write_text(*file, "FROM"));
  EXPECT_EQ(root.get("/top/f"), "FROM below");
  must(root.open("/top/f", flag::write_only | flag::truncate));
  EXPECT_EQ(root.get("/top/f"), "");
  root.put("/top/f", "all new and longer than before");
  EXPECT_EQ(root.stat("/top/f").size, 30u);
  EXPECT_EQ(number("/top/f"), before);
  EXPECT_EQ(host.get("f"), "from below");
}

TEST_F(OverlayFiles, ChangesOutliveTheirUsers) {
  auto file = must(root.open("/top/d/g", flag::write_only | flag::append));
  must(write_text(*file, "+"));
  file = nullptr;
  uint64_t before = number("/top/d/g");
  forget();
  EXPECT_EQ(root.get("/top/d/g"), "g+");
  EXPECT_EQ(number("/top/d/g"), before);
  EXPECT_EQ(root.chmod("/top/f", 0600), "");
  EXPECT_EQ(root.chown("/top/f", 7, 8), "");
  forget();
  Attributes attributes = root.stat("/top/f");
  EXPECT_EQ(attributes.permissions, 0600u);
  EXPECT_EQ(attributes.uid, 7u);
  EXPECT_EQ(attributes.gid, 8u);
  EXPECT_EQ(root.get("/top/f"), "from below");
  EXPECT_EQ(host.mode("f") & 07777, 0644u);
}

// What overlayfs of Linux gets wrong: there is one file, whenever it was opened.
TEST_F(OverlayFiles, DescriptorsFromBeforeAChangeSeeIt) {
  auto reader = must(root.open("/top/f"));
  EXPECT_EQ(read_some(*reader, 4), "from");
  Attributes before = must(reader->attributes());
  auto writer = must(root.open("/top/f", flag::read_write));
  must(writer->seek(4, Whence::set));
  must(write_text(*writer, " ABOVE and further"));
  EXPECT_EQ(read_all(*reader), " ABOVE and further");
  Attributes after = must(reader->attributes());
  EXPECT_EQ(after.inode, before.inode);
  EXPECT_EQ(after.device, before.device);
  EXPECT_EQ(after.size, 22u);
  EXPECT_EQ(must(writer->attributes()).inode, before.inode);
  EXPECT_EQ(reader->inode(), writer->inode());
}

// Changing a byte of a huge file costs a page.
TEST_F(OverlayFiles, ChangesCostThePagesThatChange) {
  ASSERT_EQ(::truncate(host.at("f").c_str(), 1 << 30), 0);
  uint64_t free = frames().free_pages();
  auto file = must(root.open("/top/f", flag::read_write));
  must(file->seek(500'000'000, Whence::set));
  must(write_text(*file, "X"));
  EXPECT_EQ(file->inode()->page_cache()->resident_pages(), 1u);
  EXPECT_LT(free - frames().free_pages(), 32u);
  must(file->seek(499'999'999, Whence::set));
  EXPECT_EQ(read_some(*file, 3), std::string("\0X\0", 3));
  must(file->seek(0, Whence::set));
  EXPECT_EQ(read_some(*file, 10), "from below");
  EXPECT_EQ(root.stat("/top/f").size, uint64_t{1} << 30);
}

// Pages that are only read make room; those that were written do not.
TEST_F(OverlayFiles, ChangesSurviveMemoryPressure) {
  std::string text(400 * page_size, 'x');
  host.put("large", text);
  auto file = must(root.open("/top/large", flag::read_write));
  must(file->seek(200 * page_size, Whence::set));
  must(write_text(*file, "changed"));
  must(file->seek(0, Whence::set));
  EXPECT_EQ(read_all(*file).size(), text.size());
  while (frames().reclaimable().reclaim(1000) > 0) {
  }
  EXPECT_EQ(file->inode()->page_cache()->resident_pages(), 1u);
  text.replace(200 * page_size, 7, "changed");
  EXPECT_EQ(root.get("/top/large"), text);
}

TEST_F(OverlayFiles, AFileThatIsCutAndGrowsHasZeros) {
  host.put("f", std::string(3 * page_size, 'b'));
  EXPECT_EQ(root.truncate("/top/f", 10), "");
  EXPECT_EQ(root.truncate("/top/f", 3 * page_size), "");
  EXPECT_EQ(root.get("/top/f"), std::string(10, 'b') + std::string(3 * page_size - 10, '\0'));
  EXPECT_EQ(root.truncate("/top/f", 0), "");
  auto file = must(root.open("/top/f", flag::write_only));
  must(file->seek(page_size, Whence::set));
  must(write_text(*file, "z"));
  EXPECT_EQ(root.get("/top/f"), std::string(page_size, '\0') + "z");
}

TEST_F(OverlayFiles, UnchangedFilesFollowTheHost) {
  EXPECT_EQ(root.get("/top/f"), "from below");
  host.put("f", "the host wrote");
  EXPECT_EQ(root.get("/top/f"), "the host wrote");
  EXPECT_EQ(root.stat("/top/f").size, 14u);
  host.replace("f", "and replaced");
  EXPECT_EQ(root.get("/top/f"), "and replaced");
  host.remove("f");
  EXPECT_EQ(root.get("/top/f"), "!ENOENT");
}

TEST_F(OverlayFiles, ChangedFilesDoNot) {
  auto file = must(root.open("/top/f", flag::write_only));
  must(write_text(*file, "mine"));
  host.put("f", "the host");
  EXPECT_EQ(root.get("/top/f"), "mine below");
}

TEST_F(OverlayFiles, Unlinking) {
  auto file = must(root.open("/top/f"));
  EXPECT_EQ(root.unlink("/top/f"), "");
  EXPECT_EQ(root.get("/top/f"), "!ENOENT");
  forget();
  EXPECT_EQ(root.get("/top/f"), "!ENOENT");
  EXPECT_EQ(read_all(*file), "from below");
  EXPECT_EQ(must(file->attributes()).links, 0u);
  EXPECT_EQ(error_of(fs::chmod(root.caller(), must(fs::target_of(*file)), 0)), "");
  uint64_t old = must(file->attributes()).inode;
  file = nullptr;
  root.put("/top/f", "again");
  EXPECT_EQ(root.get("/top/f"), "again");
  EXPECT_NE(number("/top/f"), old);
  EXPECT_EQ(host.get("f"), "from below");
}

// What was removed is not held: its pages go with its last user.
TEST_F(OverlayFiles, RemovedFilesFreeTheirMemory) {
  host.put("large", std::string(500 * page_size, 'x'));
  root.put("/top/other", "");
  must(root.open("/top/large", flag::write_only | flag::truncate));
  root.put("/top/large", std::string(500 * page_size, 'y'));
  uint64_t free = frames().free_pages();
  EXPECT_EQ(root.unlink("/top/large"), "");
  EXPECT_GE(frames().free_pages(), free + 490);
}

TEST_F(OverlayFiles, NamesOfOneFileStayNamesOfOne) {
  host.link("f", "f2");
  host.link("f", "d/f3");
  EXPECT_EQ(root.stat("/top/f").links, 3u);
  auto file = must(root.open("/top/f2", flag::write_only));
  must(write_text(*file, "FROM"));
  EXPECT_EQ(root.get("/top/f"), "FROM below");
  file = nullptr;
  forget();
  EXPECT_EQ(root.get("/top/d/f3"), "FROM below");
  EXPECT_EQ(number("/top/f"), number("/top/d/f3"));
  EXPECT_EQ(root.unlink("/top/f"), "");
  EXPECT_EQ(root.stat("/top/f2").links, 2u);
  EXPECT_EQ(root.chmod("/top/f2", 0700), "");
  EXPECT_EQ(root.stat("/top/d/f3").permissions, 0700u);
}

TEST_F(OverlayFiles, NewLinksToFilesBelow) {
  EXPECT_EQ(root.link("/top/f", "/top/d/new"), "");
  EXPECT_EQ(root.stat("/top/f").links, 2u);
  EXPECT_EQ(number("/top/d/new"), number("/top/f"));
  root.put("/top/d/new", "changed");
  forget();
  EXPECT_EQ(root.get("/top/f"), "changed");
  EXPECT_EQ(root.unlink("/top/f"), "");
  EXPECT_EQ(root.get("/top/d/new"), "changed");
  EXPECT_EQ(root.link("/top/d/new", "/top/f"), "");
  EXPECT_EQ(root.get("/top/f"), "changed");
  EXPECT_EQ(root.stat("/top/f").links, 2u);
  EXPECT_FALSE(host.exists("d/new"));
}

TEST_F(OverlayFiles, NewFilesOfAllTypes) {
  root.put("/top/d/new", "new", 0600);
  EXPECT_EQ(root.symlink("new", "/top/d/link"), "");
  EXPECT_EQ(root.mknod("/top/d/fifo", static_cast<uint32_t>(FileType::fifo) | 0600), "");
  EXPECT_EQ(root.mknod("/top/d/null", static_cast<uint32_t>(FileType::character_device) | 0666, make_device(1, 3)), "");
  EXPECT_EQ(root.get("/top/d/link"), "new");
  EXPECT_EQ(root.get("/top/d/null"), "");
  forget();
  EXPECT_EQ(root.names("/top/d"), (std::vector<std::string>{"fifo", "g", "link", "new", "null"}));
  EXPECT_EQ(root.get("/top/d/link"), "new");
  EXPECT_EQ(host.names("d"), (std::vector<std::string>{"g"}));
}

TEST_F(OverlayFiles, SymlinksBelow) {
  host.symlink("f", "s");
  host.symlink("/top/d", "absolute");
  EXPECT_EQ(root.get("/top/s"), "from below");
  EXPECT_EQ(root.get("/top/absolute/g"), "g");
  EXPECT_EQ(root.readlink("/top/s"), "f");
  EXPECT_EQ(root.lstat("/top/s").size, 1u);
  root.put("/top/s", "through the link");
  EXPECT_EQ(root.get("/top/f"), "through the link");
  EXPECT_EQ(root.lstat("/top/s").type, FileType::symlink);
}

TEST_F(OverlayFiles, Unnamed) {
  auto file = must(root.open("/top/d", flag::tmp_file | flag::read_write, 0600));
  must(write_text(*file, "tmp"));
  EXPECT_EQ(must(file->attributes()).links, 0u);
  EXPECT_EQ(root.names("/top/d"), (std::vector<std::string>{"g"}));
  EXPECT_EQ(error_of(fs::link(root.caller(), {file}, "", {}, "/top/d/named", fs::walk_flag::allow_empty)), "");
  EXPECT_EQ(root.get("/top/d/named"), "tmp");
  file = nullptr;
  forget();
  EXPECT_EQ(root.get("/top/d/named"), "tmp");
}

TEST_F(OverlayFiles, TimesChangeWithContents) {
  host.set_time("f", 1000);
  Attributes before = root.stat("/top/f");
  EXPECT_EQ(before.modified, 1000'000'000'000);
  kernel.time.advance();
  auto file = must(root.open("/top/f", flag::read_write));
  EXPECT_EQ(root.stat("/top/f").modified, before.modified);  // opening alone is no change
  must(write_text(*file, "x"));
  EXPECT_EQ(root.stat("/top/f").modified, kernel.time.now);
  EXPECT_EQ(root.stat("/top/f").changed, kernel.time.now);
}

TEST_F(OverlayFiles, PermissionsCountAsBelow) {
  host.put("secret", "s", 0600);
  if (root.stat("/top/secret").uid == 1000) GTEST_SKIP() << "the guest's user owns the files";
  EXPECT_EQ(user.get("/top/secret"), "!EACCES");
  EXPECT_EQ(error_of(user.open("/top/f", flag::write_only)), "EACCES");
  EXPECT_EQ(user.mkdir("/top/d/x"), "EACCES");
  EXPECT_EQ(root.chmod("/top/d", 0777), "");
  EXPECT_EQ(user.mkdir("/top/d/x"), "");
  EXPECT_EQ(root.stat("/top/d/x").uid, 1000u);
}

TEST_F(OverlayFiles, AHostRefusalStaysOne) {
  host.put("secret", "s", geteuid() == 0 ? 0600 : 0);
  Unprivileged now;
  EXPECT_EQ(error_of(root.open("/top/secret")), "EACCES");
  EXPECT_EQ(root.unlink("/top/secret"), "");  // that is only above
  root.put("/top/secret", "mine");
  EXPECT_EQ(root.get("/top/secret"), "mine");
}

TEST_F(OverlayFiles, Statistics) {
  auto statistics = must(fs::statfs(root.caller(), "/top"));
  EXPECT_EQ(statistics.magic, fs::overlayfs_magic);
  EXPECT_EQ(statistics.blocks, frames().total_pages());
  uint64_t free = statistics.blocks_free;
  root.put("/top/big", std::string(100 * page_size, 'b'));
  EXPECT_LE(must(fs::statfs(root.caller(), "/top")).blocks_free, free - 100);
}

TEST_F(OverlayFiles, BlocksAreThoseBelowOrAbove) {
  uint64_t below = root.stat("/top/f").blocks;
  EXPECT_GT(below, 0u);
  must(root.open("/top/f", flag::write_only | flag::truncate));
  EXPECT_EQ(root.stat("/top/f").blocks, 0u);
  root.put("/top/f", std::string(2 * page_size, 'x'));
  EXPECT_EQ(root.stat("/top/f").blocks, 16u);
}

TEST_F(OverlayFiles, ASingleFile) {
  root.put("/place", "");
  auto lower = must(fs::HostFileSystem::create(vfs, must(hal::open_host_files(host.at("f"), false)), false));
  auto overlay = must(fs::OverlayFileSystem::create(vfs, std::move(lower)));
  ASSERT_EQ(error_of(vfs.mount(overlay, must(fs::resolve(root.caller(), {}, "/place", follow)), "f", 0)), "");
  EXPECT_EQ(root.get("/place"), "from below");
  root.put("/place", "above");
  EXPECT_EQ(root.get("/place"), "above");
  EXPECT_EQ(host.get("f"), "from below");
}

}  // namespace
}  // namespace halcyon::test
