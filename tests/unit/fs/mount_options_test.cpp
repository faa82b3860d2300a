// What mount(2) is told: flags, the options of a file system in memory, what may be changed later.
#include "tests/unit/fs/tree.h"

namespace halcyon::test {
namespace {

namespace mf = fs::mount_flag;

class MountOptions : public FsTest {
 protected:
  void SetUp() override { root.mkdir("/mnt"); }
  // The columns of /proc/mounts from the type on, of what is on top at /mnt; an error's name if it could not be mounted.
  std::string mounted(uint32_t flags, std::string_view options) {
    if (std::string error = root.mount("t", "/mnt", "tmpfs", flags, options); !error.empty()) return error;
    std::string line = shown();
    EXPECT_EQ(root.umount("/mnt"), "");
    return line;
  }
  std::string shown() {
    TextBuffer text;
    EXPECT_EQ(error_of(fs::write_mounts(text, vfs, root.context->root())), "");
    std::string all(text.view());
    size_t start = all.rfind(" /mnt ");
    if (start == std::string::npos) return "nothing";
    std::string line = all.substr(start + 6, all.find('\n', start) - start - 6);
    return line.substr(0, line.size() - 4);
  }
  fs::RamfsType ramfs;
  FileSystemStatistics statistics() { return must(fs::statfs(root.caller(), "/mnt")); }
};

TEST_F(MountOptions, OfTmpfs) {
  const struct {
    std::string_view options, expected;
  } cases[] = {{"size=1m", "tmpfs rw,relatime,size=1024k"},
               {"size=4097", "tmpfs rw,relatime,size=8k"},
               {"size=0", "tmpfs rw,relatime,size=0k"},
               {"nr_blocks=3", "tmpfs rw,relatime,size=12k"},
               {"nr_blocks=1k", "tmpfs rw,relatime,size=4096k"},
               {"nr_inodes=5", "tmpfs rw,relatime,nr_inodes=5"},
               {"nr_inodes=1k", "tmpfs rw,relatime,nr_inodes=1024"},
               {"mode=700", "tmpfs rw,relatime,mode=700"},
               {"mode=17777", "tmpfs rw,relatime,mode=7777"},
               {"uid=5,gid=6", "tmpfs rw,relatime,uid=5,gid=6"},
               {"size=1m,,mode=700", "tmpfs rw,relatime,size=1024k,mode=700"},
               {",", "tmpfs rw,relatime"},
               {"huge=never,mpol=default,inode32", "tmpfs rw,relatime"},
               {"size=0x1000", "tmpfs rw,relatime,size=4k"},
               {"size=010k", "tmpfs rw,relatime,size=8k"},
               {"size=k", "tmpfs rw,relatime,size=0k"},
               {"uid=0x10,gid=010", "tmpfs rw,relatime,uid=16,gid=8"},
               {"uid=1,uid=2", "tmpfs rw,relatime,uid=2"},
               {"ro", "tmpfs ro,relatime"},
               {"ro,rw,sync,lazytime", "tmpfs rw,relatime"}};
  for (const auto& one : cases) EXPECT_EQ(mounted(0, one.options), one.expected) << one.options;
  for (std::string_view bad :
       {"size",          "size=",     "size=1x",        "size=-1", "nr_inodes",    "nr_inodes=-1", "mode",
        "mode=9",        "uid=x",     "uid=4294967295", "gid=-1",  "bogus",        "bogus=1",      "huge=x",
        "size=1m,bogus", "quota",     "size=1%%",       "size= 1", "nr_inodes=1%", "mode=",        "mode=77777777777",
        "uid=1k",        "inode32=1", "inode64=",       "ro=1",    "nosuid",       "source=x"})
    EXPECT_EQ(mounted(0, bad), "EINVAL") << bad;
}

// A type of file system that lies on a block device.
class OnDisk final : public fs::FileSystemType {
 public:
  OnDisk() : FileSystemType("ondisk", specs, true) {}
  Result<Ref<fs::FileSystem>> create(const fs::MountRequest& request) override {
    source = request.source;
    device = request.device;
    is_read_only = request.is_read_only;
    values.clear();
    for (const auto& option : request.options) values.emplace_back(option.key, option.value);
    Ref<fs::RamFileSystem> made = TRY(make_ref<fs::RamFileSystem>(request.vfs, fs::RamOptions(), "ondisk"));
    return made;
  }

  std::string source;
  Ref<Inode> device;
  bool is_read_only = false;
  std::vector<std::pair<unsigned, uint64_t>> values;

 private:
  static constexpr fs::OptionSpec specs[] = {{"blocks", 7, fs::OptionValue::count}, {"check", 8, fs::OptionValue::word, "none|all"}};
};

// A block device whose contents are those of some inode.
class BlockDevice final : public fs::Device {
 public:
  BlockDevice() : Device(FileType::block_device, make_device(250, 1)) {}
  Result<Ref<File>> open(uint32_t) override { return err::nxio; }
  Inode* contents() override { return inode.get(); }
  bool is_read_only() const override { return only_reads; }

  Ref<Inode> inode;
  bool only_reads = false;
};

TEST_F(MountOptions, OfATypeOnADisk) {
  OnDisk type;
  BlockDevice device;
  vfs.add_type(type);
  vfs.devices().add(device);
  root.put("/contents", "");
  device.inode = Ref<Inode>(*must(root.open("/contents"))->inode());
  constexpr uint32_t block_device = 0060000;
  ASSERT_EQ(root.mknod("/disk", block_device | 0600, make_device(250, 1)), "");
  ASSERT_EQ(root.mknod("/driverless", block_device | 0600, make_device(250, 2)), "");
  root.symlink("disk", "/link");
  root.mkdir("/dir");
  EXPECT_EQ(root.mount("/link", "/mnt", "ondisk", 0, "check=all,blocks=2k"), "");
  EXPECT_EQ(type.device, device.inode);
  EXPECT_EQ(type.source, "/link");
  EXPECT_EQ(type.values, (std::vector<std::pair<unsigned, uint64_t>>{{8, 1}, {7, 2048}}));
  EXPECT_EQ(root.umount("/mnt"), "");
  for (std::string_view bad : {"blocks", "check=some", "size=1", "check"}) {
    EXPECT_EQ(root.mount("/disk", "/mnt", "ondisk", 0, bad), "EINVAL") << bad;
    EXPECT_EQ(root.mount("/nothing", "/mnt", "ondisk", 0, bad), "EINVAL") << bad;  // they are looked at first
  }
  const struct {
    std::string_view source, error;
  } cases[] = {{"", "EINVAL"}, {"/nothing", "ENOENT"}, {"/dir", "ENOTBLK"}, {"/contents", "ENOTBLK"}, {"/driverless", "ENXIO"}};
  for (const auto& one : cases) EXPECT_EQ(root.mount(one.source, "/mnt", "ondisk"), one.error) << one.source;
  device.only_reads = true;
  EXPECT_EQ(root.mount("/disk", "/mnt", "ondisk"), "EACCES");
  EXPECT_EQ(root.mount("/disk", "/mnt", "ondisk", 0, "ro"), "");
  EXPECT_TRUE(type.is_read_only);
  EXPECT_TRUE(shown().starts_with("ondisk ro,relatime")) << shown();
  EXPECT_EQ(root.mount("", "/mnt", "", mf::remount, "bogus"), "EINVAL");
  EXPECT_EQ(root.umount("/mnt"), "");
  EXPECT_EQ(root.mount("", "/", "", mf::remount | mf::no_dev), "");
  EXPECT_EQ(root.mount("/disk", "/mnt", "ondisk", mf::read_only), "EACCES");  // no devices on that mount
}

TEST_F(MountOptions, OfTheOtherTypes) {
  kernel.vfs->add_type(ramfs);
  EXPECT_EQ(root.mount("r", "/mnt", "ramfs", 0, "anything,size=1m,mode=700"), "");
  EXPECT_EQ(shown(), "ramfs rw,relatime,mode=700");
  EXPECT_EQ(root.umount("/mnt"), "");
  EXPECT_EQ(root.mount("r", "/mnt", "ramfs", 0, "mode"), "EINVAL");
  EXPECT_EQ(root.mount("d", "/mnt", "devtmpfs", 0, "bogus"), "EINVAL");
  EXPECT_EQ(root.mount("d", "/mnt", "devtmpfs", 0, "mode=700"), "");
}

TEST_F(MountOptions, Flags) {
  const struct {
    uint32_t flags;
    std::string_view expected;
  } cases[] = {{mf::magic, "tmpfs rw,relatime,size=4k"},
               {mf::magic | mf::read_only, "tmpfs ro,relatime,size=4k"},
               {mf::strict_atime, "tmpfs rw,size=4k"},
               {mf::no_atime, "tmpfs rw,noatime,size=4k"},
               {mf::no_dir_atime, "tmpfs rw,nodiratime,relatime,size=4k"},
               {mf::no_atime | mf::strict_atime, "tmpfs rw,size=4k"},
               {mf::no_symfollow, "tmpfs rw,relatime,nosymfollow,size=4k"},
               {mf::no_user, "EINVAL"},
               {mf::shared | mf::private_mount, "EINVAL"},
               {mf::shared, "EINVAL"},  // nothing is mounted there
               {mf::private_mount | mf::no_exec, "EINVAL"}};
  for (const auto& one : cases) EXPECT_EQ(mounted(one.flags, "size=4k"), one.expected) << one.flags;
  root.mount("t", "/mnt", "tmpfs");
  EXPECT_EQ(root.mount("", "/mnt", "", mf::shared | mf::recursive | mf::silent), "");
  EXPECT_EQ(root.mount("", "/mnt", "", mf::private_mount | mf::slave), "EINVAL");
  EXPECT_EQ(root.mount("", "/mnt", "", mf::private_mount | mf::read_only), "EINVAL");
  EXPECT_EQ(root.mount("t", "/mnt", ""), "EINVAL");
}

TEST_F(MountOptions, Remount) {
  root.mount("t", "/mnt", "tmpfs");
  EXPECT_EQ(root.mount("", "/mnt", "", mf::remount | mf::no_suid | mf::no_atime), "");
  EXPECT_EQ(shown(), "tmpfs rw,nosuid,noatime");
  EXPECT_EQ(root.mount("", "/mnt", "", mf::remount, "size=2m"), "");  // what is not said of atime stays
  EXPECT_EQ(shown(), "tmpfs rw,noatime,size=2048k");
  EXPECT_EQ(root.mount("", "/mnt", "", mf::remount | mf::strict_atime, "size=1m,nr_inodes=100"), "");
  EXPECT_EQ(shown(), "tmpfs rw,size=1024k,nr_inodes=100");
  root.put("/mnt/f", std::string(500'000, 'x'));
  for (std::string_view bad : {"size=256k", "nr_inodes=1", "bogus", "size"})
    EXPECT_EQ(root.mount("", "/mnt", "", mf::remount, bad), "EINVAL") << bad;
  EXPECT_EQ(root.mount("", "/mnt", "", mf::remount, "mode=123"), "");
  EXPECT_EQ(root.stat("/mnt").permissions, 01777u);
  EXPECT_EQ(root.mount("", "/mnt", "", mf::remount, "size=0"), "");
  EXPECT_EQ(shown(), "tmpfs rw,size=0k,nr_inodes=100");
  EXPECT_EQ(root.mount("", "/mnt", "", mf::remount, "size=1m"), "EINVAL");  // what had no limit gets none
  EXPECT_EQ(root.mount("", "/mnt", "", mf::remount | mf::bind | mf::read_only, "bogus"), "");
  root.mount("", "/mnt", "", mf::remount);
  root.mkdir("/mnt/d");
  EXPECT_EQ(root.mount("", "/mnt/d", "", mf::remount), "EINVAL");
}

TEST_F(MountOptions, NosymfollowStopsEveryWalk) {
  root.mount("t", "/mnt", "tmpfs", mf::no_symfollow);
  root.put("/mnt/f", "x");
  root.mkdir("/mnt/d");
  root.put("/mnt/d/x", "y");
  root.symlink("f", "/mnt/l");
  root.symlink("d", "/mnt/ld");
  root.symlink("new", "/mnt/dangling");
  EXPECT_EQ(root.get("/mnt/l"), "!ELOOP");
  EXPECT_EQ(root.stat_error("/mnt/l"), "ELOOP");
  EXPECT_EQ(root.get("/mnt/ld/x"), "!ELOOP");
  EXPECT_EQ(error_of(root.open("/mnt/dangling", flag::create | flag::write_only)), "ELOOP");
  EXPECT_EQ(error_of(root.open("/mnt/dangling", flag::create | flag::exclusive | flag::write_only)), "EEXIST");
  EXPECT_EQ(root.mkdir("/mnt/ld/y"), "ELOOP");
  EXPECT_EQ(root.chdir("/mnt/ld"), "ELOOP");
  EXPECT_EQ(root.readlink("/mnt/l"), "f");
  EXPECT_TRUE(root.exists("/mnt/l"));
  EXPECT_EQ(root.rename("/mnt/l", "/mnt/l2"), "");
  EXPECT_EQ(root.unlink("/mnt/ld"), "");
  EXPECT_EQ(must(fs::statfs(root.caller(), "/mnt")).flags & 0x2000, 0x2000u);
}

TEST_F(MountOptions, ASymlinksAtimeMovesWhenItIsRead) {
  root.mount("t", "/mnt", "tmpfs");
  root.put("/mnt/f", "x");
  root.symlink("f", "/mnt/l");
  auto moves = [&](auto use) {
    Nanoseconds before = root.lstat("/mnt/l").accessed;
    kernel.time.advance(25 * 3600 * Nanoseconds{1'000'000'000});
    use();
    return root.lstat("/mnt/l").accessed != before;
  };
  EXPECT_TRUE(moves([&] { root.get("/mnt/l"); }));
  EXPECT_TRUE(moves([&] { root.stat("/mnt/l"); }));
  EXPECT_TRUE(moves([&] { root.readlink("/mnt/l"); }));
  EXPECT_FALSE(moves([&] { root.lstat("/mnt/l"); }));
  EXPECT_FALSE(moves([&] { static_cast<void>(root.open("/mnt/l", flag::path | flag::no_follow)); }));
  root.mount("", "/mnt", "", mf::remount | mf::no_atime);
  EXPECT_FALSE(moves([&] { root.get("/mnt/l"); }));
  EXPECT_FALSE(moves([&] { root.readlink("/mnt/l"); }));
}

TEST_F(MountOptions, StrictatimeMovesWithEveryRead) {
  auto reads_that_count = [&](uint32_t flags) {
    root.mount("t", "/mnt", "tmpfs", flags);
    root.put("/mnt/f", "x");
    int count = 0;
    for (int i = 0; i < 3; ++i) {
      Nanoseconds before = root.stat("/mnt/f").accessed;
      kernel.time.advance();
      root.get("/mnt/f");
      count += root.stat("/mnt/f").accessed != before;
    }
    root.umount("/mnt");
    return count;
  };
  EXPECT_EQ(reads_that_count(0), 1);
  EXPECT_EQ(reads_that_count(mf::relatime), 1);
  EXPECT_EQ(reads_that_count(mf::strict_atime), 3);
  EXPECT_EQ(reads_that_count(mf::strict_atime | mf::no_dir_atime), 3);
  EXPECT_EQ(reads_that_count(mf::no_atime), 0);
}

TEST_F(MountOptions, WhatIsOnTopOfTheWorkingDirectoryIsUnmounted) {
  root.chdir("/mnt");
  root.mount("a", "/mnt", "tmpfs");
  EXPECT_EQ(root.umount(".", fs::umount_flag::detach), "");
  EXPECT_EQ(root.umount(".", fs::umount_flag::detach), "EINVAL");
  root.mount("a", "/mnt", "tmpfs");
  root.chdir("/mnt");
  root.mount("b", "/mnt", "tmpfs", 0, "size=4k");
  EXPECT_EQ(root.umount(".", fs::umount_flag::detach), "");
  EXPECT_EQ(shown(), "tmpfs rw,relatime");
  EXPECT_EQ(root.umount(".", fs::umount_flag::expire | fs::umount_flag::detach), "EINVAL");
  EXPECT_EQ(root.umount(".", 0), "EBUSY");
  EXPECT_EQ(root.umount(".", fs::umount_flag::detach), "");
  root.chdir("/");
}

TEST_F(MountOptions, SpaceIsTakenByPagesThatAreThere) {
  root.mount("t", "/mnt", "tmpfs", 0, "size=16k");
  EXPECT_EQ(root.mknod("/mnt/f", 0100644), "");
  EXPECT_EQ(root.truncate("/mnt/f", 1 << 20), "");  // a hole
  EXPECT_EQ(statistics().blocks_free, 4u);
  auto file = must(root.open("/mnt/f", flag::read_write));
  std::string text(6 * page_size, 'x');
  EXPECT_EQ(must(write_text(*file, text)), 4 * page_size);  // as much as fits
  EXPECT_EQ(error_of(write_text(*file, text)), "ENOSPC");
  EXPECT_EQ(statistics().blocks_free, 0u);
  EXPECT_EQ(error_of(file->allocate(File::Allocation::punch_hole, page_size, 3 * page_size)), "");
  EXPECT_EQ(statistics().blocks_free, 2u);
  EXPECT_EQ(error_of(file->allocate(File::Allocation::keep_size, 8 * page_size, 16 * page_size)), "ENOSPC");
  EXPECT_EQ(statistics().blocks_free, 2u);  // none of it stays
  EXPECT_EQ(error_of(file->allocate(File::Allocation::keep_size, page_size, 3 * page_size)), "");
  EXPECT_EQ(statistics().blocks_free, 0u);
  EXPECT_EQ(root.truncate("/mnt/f", 1), "");
  EXPECT_EQ(statistics().blocks_free, 3u);
  EXPECT_EQ(root.symlink(std::string(127, 'l'), "/mnt/short"), "");
  EXPECT_EQ(root.symlink(std::string(128, 'l'), "/mnt/long"), "");
  EXPECT_EQ(statistics().blocks_free, 2u);
  EXPECT_EQ(root.unlink("/mnt/long"), "");
  EXPECT_EQ(statistics().blocks_free, 3u);
  file = nullptr;
  EXPECT_EQ(root.unlink("/mnt/f"), "");
  EXPECT_EQ(statistics().blocks_free, 4u);
}

TEST_F(MountOptions, EveryObjectAndEveryFurtherNameIsAnInode) {
  root.mount("t", "/mnt", "tmpfs", 0, "nr_inodes=5");
  EXPECT_EQ(statistics().files, 5u);
  EXPECT_EQ(statistics().files_free, 4u);
  root.put("/mnt/f", "");
  EXPECT_EQ(root.mkdir("/mnt/d"), "");
  EXPECT_EQ(root.symlink("x", "/mnt/l"), "");
  EXPECT_EQ(root.link("/mnt/f", "/mnt/g"), "");
  EXPECT_EQ(statistics().files_free, 0u);
  EXPECT_EQ(root.link("/mnt/f", "/mnt/h"), "ENOSPC");
  EXPECT_EQ(error_of(root.open("/mnt/h", flag::create | flag::write_only)), "ENOSPC");
  EXPECT_EQ(root.mkdir("/mnt/e"), "ENOSPC");
  EXPECT_EQ(root.mknod("/mnt/p", 0010644), "ENOSPC");
  EXPECT_EQ(root.symlink("x", "/mnt/m"), "ENOSPC");
  EXPECT_EQ(error_of(root.open("/mnt", flag::tmp_file | flag::read_write, 0600)), "ENOSPC");
  EXPECT_EQ(root.rename("/mnt/l", "/mnt/d/l"), "");  // takes none
  EXPECT_EQ(root.unlink("/mnt/g"), "");
  EXPECT_EQ(statistics().files_free, 1u);
  {
    auto unnamed = must(root.open("/mnt", flag::tmp_file | flag::read_write, 0600));
    EXPECT_EQ(statistics().files_free, 0u);
  }
  EXPECT_EQ(statistics().files_free, 1u);
  EXPECT_EQ(root.link("/mnt/f", "/mnt/g"), "");
  EXPECT_EQ(root.unlink("/mnt/f"), "");
  EXPECT_EQ(root.unlink("/mnt/g"), "");
  EXPECT_EQ(root.unlink("/mnt/d/l"), "");
  EXPECT_EQ(root.rmdir("/mnt/d"), "");
  EXPECT_EQ(statistics().files_free, 4u);
}

TEST_F(MountOptions, DefaultsAreHalfOfMemory) {
  root.mount("t", "/mnt", "tmpfs");
  uint64_t half = kernel.memory.frames().total_pages() / 2;
  EXPECT_EQ(statistics().blocks, half);
  EXPECT_EQ(statistics().files, half);
}

// What was asked for decides whether the bit goes, not what the umask leaves of it (inode(7)).
TEST_F(MountOptions, SetGroupIdInADirectoryOfAForeignGroup) {
  root.mkdir("/shared", 0777);
  root.chown("/shared", 0, 77);
  root.chmod("/shared", 02777);
  user.context->set_umask(010);
  must(user.open("/shared/open", flag::create | flag::write_only, 02777));
  EXPECT_EQ(root.stat("/shared/open").permissions, 0767u);
  EXPECT_EQ(user.mknod("/shared/fifo", 0012777), "");
  EXPECT_EQ(root.stat("/shared/fifo").permissions, 0767u);
  auto unnamed = must(user.open("/shared", flag::tmp_file | flag::read_write, 02777));
  EXPECT_EQ(must(unnamed->attributes()).permissions, 0767u);
  must(user.open("/shared/not-executable", flag::create | flag::write_only, 02767));
  EXPECT_EQ(root.stat("/shared/not-executable").permissions, 02767u);
  EXPECT_EQ(user.mkdir("/shared/directory", 0777), "");
  EXPECT_EQ(root.stat("/shared/directory").permissions, 02767u);
  EXPECT_EQ(root.stat("/shared/open").gid, 77u);
}

}  // namespace
}  // namespace halcyon::test
