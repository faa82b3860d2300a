// hostfs: what is seen of a host directory.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/mm/cache/page_cache.h"
#include "tests/unit/fs/host/host_directory.h"

namespace halcyon::test {
namespace {

class HostReading : public HostTest {
 protected:
  void SetUp() override { mount(false); }
};

TEST_F(HostReading, FilesAndTheirAttributes) {
  host.put("hello", "hello, world\n", 0640);
  host.set_time("hello", 1'000'000'000);
  EXPECT_EQ(root.get("/host/hello"), "hello, world\n");
  Attributes attributes = root.stat("/host/hello");
  struct stat status;
  ASSERT_EQ(stat(host.at("hello").c_str(), &status), 0);
  EXPECT_EQ(attributes.type, FileType::regular);
  EXPECT_EQ(attributes.permissions, 0640u);
  EXPECT_EQ(attributes.size, 13u);
  EXPECT_EQ(attributes.uid, status.st_uid);
  EXPECT_EQ(attributes.gid, status.st_gid);
  EXPECT_EQ(attributes.links, 1u);
  EXPECT_EQ(attributes.blocks, static_cast<uint64_t>(status.st_blocks));
  EXPECT_EQ(attributes.modified, 1'000'000'000'000'000'000);
  EXPECT_EQ(attributes.accessed, attributes.modified);  // the same run sees the same times
  EXPECT_EQ(root.stat_error("/host/nothing"), "ENOENT");
  EXPECT_EQ(root.stat_error("/host/hello/below"), "ENOTDIR");
}

TEST_F(HostReading, DirectoriesAreWalkedAndListedInOrder) {
  host.mkdir("d");
  host.mkdir("d/e", 0711);
  for (const char* name : {"zebra", "b", "a", "Z", "middle"}) host.put(std::string("d/") + name, name);
  EXPECT_EQ(root.get("/host/d/middle"), "middle");
  EXPECT_EQ(root.stat("/host/d/e").permissions, 0711u);
  EXPECT_EQ(root.get("/host/d/../d/./e/../zebra"), "zebra");
  auto directory = must(root.open("/host/d", flag::directory));
  std::vector<std::string> seen;
  for (Listed& entry : list(*directory)) seen.push_back(entry.name);
  EXPECT_EQ(seen, (std::vector<std::string>{".", "..", "Z", "a", "b", "e", "middle", "zebra"}));
  EXPECT_TRUE(list(*directory).empty());
}

TEST_F(HostReading, ListingsTellTypesAndTheNumbersOfStat) {
  host.put("file", "");
  host.mkdir("directory");
  host.symlink("file", "link");
  ASSERT_EQ(mkfifo(host.at("fifo").c_str(), 0600), 0);
  auto directory = must(root.open("/host", flag::directory));
  for (Listed& entry : list(*directory)) {
    if (entry.name.starts_with(".")) continue;
    Attributes attributes = root.lstat("/host/" + entry.name);
    EXPECT_EQ(entry.type, attributes.type) << entry.name;
    EXPECT_EQ(entry.inode, attributes.inode) << entry.name;
  }
}

// A position stays right while entries come and go, also while another listing begins.
TEST_F(HostReading, PositionsAreStable) {
  for (int i = 10; i < 60; ++i) host.put("f" + std::to_string(i), "");
  auto one = must(root.open("/host", flag::directory));
  auto other = must(root.open("/host", flag::directory));
  std::vector<std::string> seen;
  for (Listed& entry : list(*one, 22)) seen.push_back(entry.name);  // up to f29
  for (int i = 10; i < 20; ++i) host.remove("f" + std::to_string(i));
  host.put("a-new-one", "");
  EXPECT_EQ(list(*other, 5).size(), 5u);
  for (Listed& entry : list(*one)) seen.push_back(entry.name);
  std::erase(seen, "a-new-one");
  ASSERT_EQ(seen.size(), 52u);
  for (int i = 10; i < 60; ++i) EXPECT_EQ(seen[static_cast<size_t>(i - 8)], "f" + std::to_string(i));
  std::vector<std::string> rest;
  for (Listed& entry : list(*other)) rest.push_back(entry.name);
  EXPECT_EQ(rest.size(), 40u + 1 - 3);
}

TEST_F(HostReading, SeekingInAListing) {
  for (const char* name : {"a", "b", "c", "d"}) host.put(name, "");
  auto directory = must(root.open("/host", flag::directory));
  auto first = list(*directory, 4);  // . .. a b
  EXPECT_EQ(must(directory->seek(0, Whence::current)), first[3].next);
  EXPECT_EQ(list(*directory).size(), 2u);
  must(directory->seek(static_cast<int64_t>(first[2].next), Whence::set));
  EXPECT_EQ(list(*directory, 1).at(0).name, "b");
  must(directory->seek(0, Whence::set));
  EXPECT_EQ(list(*directory).size(), 6u);
}

TEST_F(HostReading, SymlinksLeadWithinTheGuest) {
  host.put("target", "yes");
  host.symlink("target", "relative");
  host.symlink("/host/target", "absolute");
  host.symlink(host.at("target"), "host-path");
  host.symlink("loop", "loop");
  EXPECT_EQ(root.get("/host/relative"), "yes");
  EXPECT_EQ(root.get("/host/absolute"), "yes");
  EXPECT_EQ(root.get("/host/host-path"), "!ENOENT");  // not a path of the guest
  EXPECT_EQ(root.get("/host/loop"), "!ELOOP");
  EXPECT_EQ(root.readlink("/host/host-path"), host.at("target"));
  EXPECT_EQ(root.lstat("/host/relative").size, 6u);
}

// The kernel walks by descriptors: what becomes a symlink on the host behind its back is not followed out of the tree.
TEST_F(HostReading, HostSymlinksAreNotFollowed) {
  host.mkdir("d");
  host.put("d/f", "inside");
  EXPECT_EQ(root.get("/host/d/f"), "inside");
  host.remove("d/f");
  host.remove("d");
  HostFolder outside;
  outside.put("f", "outside");
  host.symlink(outside.path(), "d");
  EXPECT_TRUE(root.get("/host/d/f").starts_with("!")) << root.get("/host/d/f");
}

TEST_F(HostReading, HardLinksAreOneInode) {
  host.put("one", "text");
  host.link("one", "two");
  EXPECT_EQ(root.stat("/host/one").inode, root.stat("/host/two").inode);
  EXPECT_EQ(root.stat("/host/one").links, 2u);
  EXPECT_EQ(root.get("/host/two"), "text");
}

TEST_F(HostReading, NumbersAreOurOwn) {
  host.put("a", "");
  host.put("b", "");
  uint64_t first = root.stat("/host/b").inode;
  EXPECT_EQ(root.stat("/host/a").inode, first + 1);
  struct stat status;
  ASSERT_EQ(stat(host.at("b").c_str(), &status), 0);
  EXPECT_NE(first, status.st_ino);
  EXPECT_LT(first, 10u);
}

TEST_F(HostReading, SpecialFilesAreNeverOpenedOnTheHost) {
  ASSERT_EQ(mkfifo(host.at("fifo").c_str(), 0600), 0);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::copy_n(host.at("socket").c_str(), host.at("socket").size() + 1, name.sun_path);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  EXPECT_EQ(root.stat("/host/fifo").type, FileType::fifo);
  EXPECT_EQ(root.stat("/host/socket").type, FileType::socket);
  EXPECT_EQ(error_of(root.open("/host/socket")), "ENXIO");
  fs::Path fifo = must(fs::resolve(root.caller(), {}, "/host/fifo", 0));
  EXPECT_NE(fifo.inode()->fifo_slot(), nullptr);  // a pipe of the kernel's, of which the host knows nothing
  close(listener);
  if (geteuid() == 0 && mknod(host.at("device").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0) {
    EXPECT_EQ(root.stat("/host/device").special_device, make_device(1, 3));
    EXPECT_EQ(root.stat("/host/device").type, FileType::character_device);
  }
}

TEST_F(HostReading, ChangedFilesAreSeenAtOpen) {
  host.put("f", "before");
  host.set_time("f", 1000);
  EXPECT_EQ(root.get("/host/f"), "before");
  host.put("f", "after!");  // the same size, another time
  EXPECT_EQ(root.get("/host/f"), "after!");
  EXPECT_EQ(root.stat("/host/f").size, 6u);
  host.put("f", "longer than before");
  host.set_time("f", 1000);
  EXPECT_EQ(root.get("/host/f"), "longer than before");
  EXPECT_EQ(root.stat("/host/f").size, 18u);
  host.put("f", "");
  EXPECT_EQ(root.get("/host/f"), "");
}

TEST_F(HostReading, AnUnchangedFileIsNotReadAgain) {
  host.put("f", "first");
  host.set_time("f", 1000);
  EXPECT_EQ(root.get("/host/f"), "first");
  host.put("f", "other");
  host.set_time("f", 1000);  // nothing tells the difference
  EXPECT_EQ(root.get("/host/f"), "first");
}

TEST_F(HostReading, ReplacedFilesAreFoundAtOpen) {
  host.put("f", "old");
  EXPECT_EQ(root.get("/host/f"), "old");
  auto before = must(root.open("/host/f"));
  uint64_t number = root.stat("/host/f").inode;
  host.replace("f", "replaced");
  EXPECT_EQ(root.get("/host/f"), "replaced");
  EXPECT_NE(root.stat("/host/f").inode, number);
  EXPECT_EQ(read_all(*before), "old");
  host.remove("f");
  EXPECT_EQ(root.get("/host/f"), "!ENOENT");
  EXPECT_FALSE(root.exists("/host/f"));
}

// The host gives inode numbers to new files as soon as they are free.
TEST_F(HostReading, ReusedHostNumbersAreOtherFiles) {
  for (int round = 0; round < 20; ++round) {
    std::string name = "f" + std::to_string(round);
    host.put(name, name);
    EXPECT_EQ(root.get("/host/" + name), name);
    auto held = must(root.open("/host/" + name));
    host.remove(name);
    host.put("other" + name, "other");
    EXPECT_EQ(root.get("/host/other" + name), "other");
    EXPECT_NE(root.stat("/host/other" + name).inode, must(held->attributes()).inode);
  }
}

TEST_F(HostReading, LargeFiles) {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += "line " + std::to_string(i) + "\n";
  host.put("large", text);
  EXPECT_EQ(root.get("/host/large"), text);
  ASSERT_EQ(::truncate(host.at("large").c_str(), 1 << 30), 0);
  auto file = must(root.open("/host/large"));
  EXPECT_EQ(must(file->seek(0, Whence::end)), uint64_t{1} << 30);
  must(file->seek((1 << 30) - 3, Whence::set));
  EXPECT_EQ(read_some(*file, 100), std::string(3, '\0'));
  EXPECT_LT(file->inode()->page_cache()->resident_pages(), 17u);
}

TEST_F(HostReading, NothingCanBeChanged) {
  host.put("f", "text");
  host.mkdir("d");
  EXPECT_EQ(error_of(root.open("/host/new", flag::write_only | flag::create, 0644)), "EROFS");
  EXPECT_EQ(root.mkdir("/host/x"), "EROFS");
  EXPECT_EQ(root.unlink("/host/f"), "EROFS");
  EXPECT_EQ(root.rmdir("/host/d"), "EROFS");
  EXPECT_EQ(root.rename("/host/f", "/host/g"), "EROFS");
  EXPECT_EQ(root.link("/host/f", "/host/g"), "EROFS");
  EXPECT_EQ(root.symlink("f", "/host/g"), "EROFS");
  EXPECT_EQ(root.chmod("/host/f", 0600), "EROFS");
  EXPECT_EQ(root.truncate("/host/f", 1), "EROFS");
  EXPECT_EQ(host.names(), (std::vector<std::string>{"d", "f"}));
  EXPECT_EQ(host.get("f"), "text");
}

TEST_F(HostReading, GuestPermissionsCount) {
  host.put("secret", "s", 0600);
  host.put("open", "o", 0644);
  host.mkdir("closed", 0700);
  host.put("closed/f", "x");
  if (root.stat("/host/secret").uid == 1000) GTEST_SKIP() << "the guest's user owns the files";
  EXPECT_EQ(user.get("/host/secret"), "!EACCES");
  EXPECT_EQ(user.get("/host/open"), "o");
  EXPECT_EQ(user.get("/host/closed/f"), "!EACCES");
}

// The guest's root may do what the host lets us do, and not more.
TEST_F(HostReading, AHostRefusalStaysOne) {
  host.put("secret", "s", 0600);
  host.mkdir("closed", 0700);
  host.mkdir("unlisted", 0711);
  host.put("unlisted/f", "x");
  if (geteuid() != 0) {
    host.put("secret", "s", 0);
    ASSERT_EQ(chmod(host.at("closed").c_str(), 0), 0);
    ASSERT_EQ(chmod(host.at("unlisted").c_str(), 0111), 0);
  }
  Unprivileged now;
  EXPECT_EQ(error_of(root.open("/host/secret")), "EACCES");
  EXPECT_EQ(root.stat_error("/host/closed/f"), "EACCES");
  EXPECT_EQ(root.get("/host/unlisted/f"), "x");
  auto directory = must(root.open("/host/unlisted", flag::directory));
  class Nobody final : public DirectoryVisitor {
    bool entry(std::string_view name, uint64_t, FileType, uint64_t) override { return name.starts_with("."); }
  } visitor;
  EXPECT_EQ(error_of(directory->list(visitor)), "EACCES");
}

TEST_F(HostReading, Statistics) {
  auto statistics = must(fs::statfs(root.caller(), "/host"));
  EXPECT_EQ(statistics.magic, fs::hostfs_magic);
  EXPECT_GT(statistics.blocks, 0u);
  EXPECT_GE(statistics.blocks, statistics.blocks_free);
}

TEST_F(HostReading, ADeepTree) {
  std::string path = "/host";
  std::string below;
  for (int level = 0; level < 150; ++level) {
    below += (level ? "/d" : "d");
    host.mkdir(below);
    path += "/d";
  }
  host.put(below + "/f", "deep");
  EXPECT_EQ(root.get(path + "/f"), "deep");
}

// --- trees that begin elsewhere

class HostRoots : public FsTest {
 protected:
  std::string mount_error(const std::string& path) {
    auto files = hal::open_host_files(path, false);
    if (!files) return error_of(files);
    auto file_system = must(fs::HostFileSystem::create(vfs, *std::move(files), false));
    return error_of(fs::mount_new(root.caller(), file_system, path, "/host"));
  }
};

TEST_F(HostRoots, TheHostsOwnRootHidesItsKernel) {
  ASSERT_EQ(mount_error("/"), "");
  EXPECT_TRUE(root.names("/host/proc").empty());
  EXPECT_TRUE(root.names("/host/sys").empty());
  EXPECT_TRUE(root.names("/host/dev").empty());
  EXPECT_EQ(root.stat_error("/host/proc/self"), "ENOENT");
  EXPECT_EQ(root.stat_error("/host/dev/null"), "ENOENT");
  EXPECT_EQ(root.stat("/host/proc").type, FileType::directory);
  EXPECT_FALSE(root.names("/host/usr").empty());
}

TEST_F(HostRoots, TheHostsKernelIsNoRoot) {
  EXPECT_EQ(mount_error("/proc"), "EOPNOTSUPP");
  EXPECT_EQ(mount_error("/proc/self"), "EOPNOTSUPP");
  EXPECT_EQ(mount_error("/dev"), "EOPNOTSUPP");
  EXPECT_EQ(mount_error("/proc/version"), "EOPNOTSUPP");
  EXPECT_EQ(mount_error("/nonexistent"), "ENOENT");
}

TEST_F(HostRoots, ASingleFile) {
  HostFolder host;
  host.put("f", "one file");
  root.put("/place", "hidden");
  auto files = must(hal::open_host_files(host.at("f"), false));
  auto file_system = must(fs::HostFileSystem::create(vfs, std::move(files), false));
  auto place = must(fs::resolve(root.caller(), {}, "/place", follow));
  ASSERT_EQ(error_of(vfs.mount(file_system, place, "f", 0)), "");
  EXPECT_EQ(root.get("/place"), "one file");
  EXPECT_EQ(root.unlink("/place"), "EBUSY");
}

}  // namespace
}  // namespace halcyon::test
