// Mounts, binds, devices.
#include "tests/unit/fs/tree.h"

namespace halcyon::test {
namespace {

class Mounts : public FsTest {
 protected:
  void SetUp() override {
    root.mkdir("/mnt");
    root.mkdir("/other");
  }
  std::string mounts_text() {
    TextBuffer text;
    EXPECT_EQ(error_of(fs::write_mounts(text, vfs, root.context->root())), "");
    return std::string(text.view());
  }
};

TEST_F(Mounts, AMountHidesWhatIsBelow) {
  root.put("/mnt/below", "x");
  EXPECT_EQ(root.mount("tmp", "/mnt", "tmpfs"), "");
  EXPECT_FALSE(root.exists("/mnt/below"));
  root.put("/mnt/above", "y");
  EXPECT_NE(root.stat("/mnt").device, root.stat("/").device);
  EXPECT_EQ(root.stat("/mnt/..").inode, root.stat("/").inode);
  EXPECT_EQ(root.umount("/mnt"), "");
  EXPECT_TRUE(root.exists("/mnt/below"));
  EXPECT_FALSE(root.exists("/mnt/above"));
}

TEST_F(Mounts, MountErrors) {
  root.put("/f", "x");
  EXPECT_EQ(user.mount("tmp", "/mnt", "tmpfs"), "EPERM");
  EXPECT_EQ(root.mount("tmp", "/none", "tmpfs"), "ENOENT");
  EXPECT_EQ(root.mount("tmp", "/f", "tmpfs"), "ENOTDIR");
  EXPECT_EQ(root.mount("tmp", "/mnt", "ext4"), "ENODEV");
  EXPECT_EQ(root.umount("/mnt"), "EINVAL");
  EXPECT_EQ(root.umount("/"), "EINVAL");
  EXPECT_EQ(root.umount("/mnt", 64), "EINVAL");
  EXPECT_EQ(user.umount("/mnt"), "EPERM");
}

TEST_F(Mounts, BusyMountsStayUnlessDetached) {
  root.mount("tmp", "/mnt", "tmpfs");
  root.put("/mnt/f", "content");
  auto file = must(root.open("/mnt/f"));
  EXPECT_EQ(root.umount("/mnt"), "EBUSY");
  root.mkdir("/mnt/sub");
  root.mount("tmp", "/mnt/sub", "tmpfs");
  EXPECT_EQ(root.umount("/mnt"), "EBUSY");
  EXPECT_EQ(root.umount("/mnt", fs::umount_flag::detach), "");
  EXPECT_FALSE(root.exists("/mnt/f"));
  EXPECT_EQ(read_all(*file), "content");
  EXPECT_EQ(describe(*file), "(unreachable)/f");
}

TEST_F(Mounts, MountPointsCannotBeRemovedOrRenamed) {
  root.mount("tmp", "/mnt", "tmpfs");
  EXPECT_EQ(root.rmdir("/mnt"), "EBUSY");
  EXPECT_EQ(root.rename("/mnt", "/x"), "EBUSY");
  EXPECT_EQ(root.rename("/other", "/mnt"), "EBUSY");
}

TEST_F(Mounts, NothingMovesAcrossMounts) {
  root.mount("tmp", "/mnt", "tmpfs");
  root.put("/f", "x");
  EXPECT_EQ(root.rename("/f", "/mnt/f"), "EXDEV");
  EXPECT_EQ(root.link("/f", "/mnt/f"), "EXDEV");
}

TEST_F(Mounts, ReadOnlyMounts) {
  root.mount("tmp", "/mnt", "tmpfs");
  root.put("/mnt/f", "x", 0666);
  root.mknod("/mnt/null", 0020666, make_device(1, 3));
  EXPECT_EQ(root.mount("", "/mnt", "", fs::mount_flag::remount | fs::mount_flag::read_only), "");
  EXPECT_EQ(root.get("/mnt/f"), "x");
  EXPECT_EQ(error_of(root.open("/mnt/f", flag::write_only)), "EROFS");
  EXPECT_EQ(error_of(root.open("/mnt/g", flag::write_only | flag::create)), "EROFS");
  EXPECT_EQ(root.mkdir("/mnt/d"), "EROFS");
  EXPECT_EQ(root.mkdir("/mnt/f"), "EEXIST");
  EXPECT_EQ(root.unlink("/mnt/f"), "EROFS");
  EXPECT_EQ(root.rename("/mnt/f", "/mnt/g"), "EROFS");
  EXPECT_EQ(root.chmod("/mnt/f", 0600), "EROFS");
  EXPECT_EQ(root.truncate("/mnt/f", 0), "EROFS");
  EXPECT_EQ(root.access("/mnt/f", 2), "EROFS");
  EXPECT_EQ(root.symlink("x", "/mnt/l"), "EROFS");
  EXPECT_EQ(root.link("/mnt/f", "/mnt/g"), "EROFS");
  EXPECT_EQ(error_of(root.open("/mnt/null", flag::write_only)), "");
  EXPECT_EQ(must(fs::statfs(root.caller(), "/mnt")).flags & 1, 1u);
}

TEST_F(Mounts, BindShowsATreeTwice) {
  root.mkdir("/other/sub");
  root.put("/other/sub/f", "x");
  EXPECT_EQ(root.mount("/other", "/mnt", "", fs::mount_flag::bind), "");
  EXPECT_EQ(root.get("/mnt/sub/f"), "x");
  root.put("/mnt/sub/g", "y");
  EXPECT_EQ(root.get("/other/sub/g"), "y");
  EXPECT_EQ(root.stat("/mnt/sub/..").inode, root.stat("/other").inode);
  EXPECT_EQ(root.stat("/mnt/..").inode, root.stat("/").inode);
  root.chdir("/mnt/sub");
  EXPECT_EQ(root.cwd(), "/mnt/sub");
  root.chdir("/");
  EXPECT_EQ(root.rename("/mnt/sub/f", "/other/f"), "EXDEV");
  EXPECT_EQ(root.umount("/mnt"), "");
}

TEST_F(Mounts, BindOfAFile) {
  root.put("/f", "one");
  root.put("/g", "two");
  EXPECT_EQ(root.mount("/f", "/g", "", fs::mount_flag::bind), "");
  EXPECT_EQ(root.get("/g"), "one");
  EXPECT_EQ(root.mount("/f", "/mnt", "", fs::mount_flag::bind), "ENOTDIR");
  EXPECT_EQ(root.umount("/g"), "");
  EXPECT_EQ(root.get("/g"), "two");
}

TEST_F(Mounts, ReadOnlyBind) {
  EXPECT_EQ(root.mount("/other", "/mnt", "", fs::mount_flag::bind), "");
  EXPECT_EQ(root.mount("", "/mnt", "", fs::mount_flag::remount | fs::mount_flag::bind | fs::mount_flag::read_only), "");
  EXPECT_EQ(root.mkdir("/mnt/d"), "EROFS");
  EXPECT_EQ(root.mkdir("/other/d"), "");
}

TEST_F(Mounts, MountsStack) {
  root.mount("one", "/mnt", "tmpfs");
  root.put("/mnt/one", "");
  root.mount("two", "/mnt", "tmpfs");
  EXPECT_FALSE(root.exists("/mnt/one"));
  EXPECT_EQ(root.umount("/mnt"), "");
  EXPECT_TRUE(root.exists("/mnt/one"));
}

TEST_F(Mounts, Move) {
  root.mount("tmp", "/mnt", "tmpfs");
  root.put("/mnt/f", "x");
  EXPECT_EQ(root.mount("/mnt", "/other", "", fs::mount_flag::move), "");
  EXPECT_EQ(root.get("/other/f"), "x");
  EXPECT_FALSE(root.exists("/mnt/f"));
  EXPECT_EQ(root.mount("/mnt", "/other", "", fs::mount_flag::move), "EINVAL");
}

TEST_F(Mounts, TextOfMounts) {
  root.mkdir("/with space");
  root.mount("tmp", "/with space", "tmpfs", fs::mount_flag::no_suid | fs::mount_flag::no_dev, "size=64k,mode=700");
  EXPECT_EQ(mounts_text(),
            "root / tmpfs rw,relatime,size=0k,nr_inodes=0,mode=755 0 0\n"
            "tmp /with\\040space tmpfs rw,nosuid,nodev,relatime,size=64k,mode=700 0 0\n");
  TextBuffer info;
  EXPECT_EQ(error_of(fs::write_mountinfo(info, vfs, root.context->root())), "");
  EXPECT_EQ(std::string(info.view()).substr(0, 38), "1 0 0:1 / / rw,relatime - tmpfs root r");
}

TEST_F(Mounts, ASizeLimitIsKept) {
  EXPECT_EQ(root.mount("tmp", "/mnt", "tmpfs", 0, "size=64k"), "");
  EXPECT_EQ(root.mount("tmp", "/other", "tmpfs", 0, "size=oops"), "EINVAL");
  auto file = must(root.open("/mnt/f", flag::create | flag::write_only, 0600));
  EXPECT_EQ(error_of(write_text(*file, std::string(64 << 10, 'x'))), "");
  EXPECT_EQ(error_of(write_text(*file, "y")), "ENOSPC");
  EXPECT_EQ(must(fs::statfs(root.caller(), "/mnt")).blocks_free, 0u);
  EXPECT_EQ(error_of(file->truncate(0)), "");
  EXPECT_EQ(error_of(write_text(*file, "")), "");
  EXPECT_EQ(must(fs::statfs(root.caller(), "/mnt")).blocks_free, 16u);
}

class Devices : public FsTest {
 protected:
  void SetUp() override {
    auto devices = must(fs::DeviceFileSystem::create(vfs));
    ASSERT_EQ(error_of(fs::mount_new(root.caller(), devices, "dev", "/dev")), "");
  }
};

TEST_F(Devices, Null) {
  auto file = must(user.open("/dev/null", flag::read_write));
  EXPECT_EQ(read_some(*file, 10), "");
  EXPECT_EQ(must(write_text(*file, "gone")), 4u);
  EXPECT_EQ(must(file->seek(5, Whence::set)), 0u);
  EXPECT_EQ(describe(*file), "/dev/null");
  EXPECT_EQ(must(file->attributes()).special_device, make_device(1, 3));
  EXPECT_EQ(error_of(user.open("/dev/null", flag::write_only | flag::truncate | flag::create, 0666)), "");
}

TEST_F(Devices, ZeroAndFull) {
  auto zero = must(root.open("/dev/zero", flag::read_write));
  EXPECT_EQ(read_some(*zero, 5000), std::string(5000, '\0'));
  EXPECT_EQ(must(write_text(*zero, "gone")), 4u);
  auto full = must(root.open("/dev/full", flag::read_write));
  EXPECT_EQ(read_some(*full, 3), std::string(3, '\0'));
  EXPECT_EQ(error_of(write_text(*full, "x")), "ENOSPC");
}

TEST_F(Devices, Random) {
  auto file = must(user.open("/dev/urandom"));
  EXPECT_EQ(read_some(*file, 3), "\1\2\3");
  EXPECT_EQ(read_some(*file, 1000).size(), 1000u);
}

TEST_F(Devices, NodesWithoutADriver) {
  for (std::string_view path : {"/dev/tty", "/dev/console", "/dev/ptmx"}) EXPECT_FALSE(root.exists(path)) << path;
  root.mknod("/tty", 0020600, make_device(5, 0));
  EXPECT_EQ(error_of(root.open("/tty")), "ENXIO");
  root.mknod("/block", 0060600, make_device(8, 0));
  EXPECT_EQ(error_of(root.open("/block")), "ENXIO");
  root.mknod("/socket", 0140600);
  EXPECT_EQ(error_of(root.open("/socket")), "ENXIO");
}

TEST_F(Devices, ANodeWorksInAnyFileSystemUnlessNoDev) {
  root.mknod("/null", 0020666, make_device(1, 3));
  EXPECT_EQ(error_of(root.open("/null", flag::write_only)), "");
  root.mount("", "/", "", fs::mount_flag::remount | fs::mount_flag::no_dev);
  EXPECT_EQ(error_of(root.open("/null", flag::write_only)), "EACCES");
}

TEST_F(Devices, TheTreeOfDev) {
  EXPECT_EQ(root.readlink("/dev/fd"), "/proc/self/fd");
  EXPECT_EQ(root.readlink("/dev/stdin"), "/proc/self/fd/0");
  EXPECT_EQ(root.stat("/dev/shm").permissions, 01777u);
  EXPECT_EQ(root.stat("/dev/null").permissions, 0666u);
  EXPECT_EQ(root.names("/dev").size(), 11u);
}

TEST_F(Devices, MountNewMakesItsDirectory) {
  auto memory = must(fs::RamFileSystem::create(vfs, {.root_permissions = 01777}));
  EXPECT_EQ(error_of(fs::mount_new(root.caller(), memory, "tmp", "/tmp")), "");
  EXPECT_EQ(root.stat("/tmp").permissions, 01777u);
}

}  // namespace
}  // namespace halcyon::test
