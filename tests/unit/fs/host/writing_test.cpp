// hostfs, writable: what programs do reaches the host, and what the host does in between is seen.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "core/mm/cache/page_cache.h"
#include "tests/unit/fs/host/host_directory.h"

namespace halcyon::test {
namespace {

class HostWriting : public HostTest {
 protected:
  void SetUp() override { mount(true); }
};

TEST_F(HostWriting, NewFiles) {
  root.put("/host/f", "hello", 0640);
  EXPECT_EQ(host.get("f"), "hello");
  EXPECT_EQ(host.mode("f"), S_IFREG | 0640u);
  EXPECT_EQ(root.get("/host/f"), "hello");
  EXPECT_EQ(error_of(root.open("/host/f", flag::write_only | flag::create | flag::exclusive)), "EEXIST");
}

// The host's umask takes nothing away: the guest's has been applied.
TEST_F(HostWriting, ModesAreTheGuests) {
  mode_t old = umask(077);
  root.context->set_umask(0);
  root.put("/host/f", "", 0666);
  EXPECT_EQ(root.mkdir("/host/d", 01777), "");
  umask(old);
  EXPECT_EQ(host.mode("f") & 07777, 0666u);
  EXPECT_EQ(host.mode("d") & 07777, 01777u);
}

TEST_F(HostWriting, WritesGoThroughAtOnce) {
  host.put("f", "0123456789");
  auto file = must(root.open("/host/f", flag::read_write));
  must(file->seek(3, Whence::set));
  must(write_text(*file, "abc"));
  EXPECT_EQ(host.get("f"), "012abc6789");
  must(file->seek(0, Whence::end));
  must(write_text(*file, "more"));
  EXPECT_EQ(host.get("f"), "012abc6789more");
  must(file->seek(0, Whence::set));
  EXPECT_EQ(read_all(*file), "012abc6789more");
  EXPECT_EQ(must(file->attributes()).size, 14u);
}

// Only the bytes that were written: others of the same page may have been changed by somebody else meanwhile.
TEST_F(HostWriting, NothingAroundAWriteIsTouched) {
  host.put("f", "aaaaaaaaaa");
  auto file = must(root.open("/host/f", flag::read_write));
  EXPECT_EQ(read_all(*file), "aaaaaaaaaa");
  host.put("f", "bbbbbbbbbb");
  must(file->seek(2, Whence::set));
  must(write_text(*file, "XY"));
  EXPECT_EQ(host.get("f"), "bbXYbbbbbb");
}

TEST_F(HostWriting, LongWritesAndHoles) {
  std::string text;
  for (int i = 0; i < 30000; ++i) text += std::to_string(i) + " ";
  root.put("/host/f", text);
  EXPECT_EQ(host.get("f"), text);
  auto file = must(root.open("/host/f", flag::write_only));
  must(file->seek(1'000'000, Whence::set));
  must(write_text(*file, "end"));
  EXPECT_EQ(host.size("f"), 1'000'003u);
  EXPECT_EQ(host.get("f").substr(0, text.size()), text);
  EXPECT_EQ(root.get("/host/f"), host.get("f"));
}

TEST_F(HostWriting, Truncating) {
  host.put("f", "0123456789");
  EXPECT_EQ(root.truncate("/host/f", 4), "");
  EXPECT_EQ(host.get("f"), "0123");
  EXPECT_EQ(root.truncate("/host/f", 6), "");
  EXPECT_EQ(host.get("f"), std::string("0123\0\0", 6));
  EXPECT_EQ(root.get("/host/f"), std::string("0123\0\0", 6));
  must(root.open("/host/f", flag::write_only | flag::truncate));
  EXPECT_EQ(host.size("f"), 0u);
  EXPECT_EQ(root.stat("/host/f").size, 0u);
}

TEST_F(HostWriting, Appending) {
  host.put("log", "one\n");
  auto file = must(root.open("/host/log", flag::write_only | flag::append));
  must(write_text(*file, "two\n"));
  must(write_text(*file, "three\n"));
  EXPECT_EQ(host.get("log"), "one\ntwo\nthree\n");
}

TEST_F(HostWriting, ChangesOfTheHostAreSeen) {
  root.put("/host/f", "mine");
  EXPECT_EQ(root.get("/host/f"), "mine");
  host.put("f", "the host's");
  EXPECT_EQ(root.stat("/host/f").size, 10u);
  EXPECT_EQ(root.get("/host/f"), "the host's");
  host.remove("f");
  EXPECT_EQ(root.stat_error("/host/f"), "ENOENT");
  EXPECT_EQ(root.stat_error("/host/new"), "ENOENT");
  host.put("new", "new");
  EXPECT_EQ(root.get("/host/new"), "new");
  host.replace("new", "newer");
  EXPECT_EQ(root.get("/host/new"), "newer");
}

// A directory that the host put in another's place is not mistaken for that.
TEST_F(HostWriting, ReplacedDirectories) {
  host.mkdir("d");
  host.put("d/f", "old");
  EXPECT_EQ(root.get("/host/d/f"), "old");
  host.rename("d", "moved");
  host.mkdir("d");
  host.put("d/f", "new");
  EXPECT_EQ(root.get("/host/d/f"), "new");
  root.put("/host/d/g", "g");
  EXPECT_TRUE(host.exists("d/g"));
  EXPECT_FALSE(host.exists("moved/g"));
}

TEST_F(HostWriting, Directories) {
  EXPECT_EQ(root.mkdir("/host/d", 0750), "");
  EXPECT_EQ(host.mode("d"), S_IFDIR | 0750u);
  EXPECT_EQ(root.mkdir("/host/d"), "EEXIST");
  root.put("/host/d/f", "");
  EXPECT_EQ(root.rmdir("/host/d"), "ENOTEMPTY");
  EXPECT_EQ(root.unlink("/host/d"), "EISDIR");
  EXPECT_EQ(root.rmdir("/host/d/f"), "ENOTDIR");
  EXPECT_EQ(root.unlink("/host/d/f"), "");
  EXPECT_EQ(root.stat("/host").links, 3u);
  EXPECT_EQ(root.rmdir("/host/d"), "");
  EXPECT_FALSE(host.exists("d"));
}

TEST_F(HostWriting, ARemovedDirectoryIsStillThereForItsUsers) {
  ASSERT_EQ(root.mkdir("/host/d"), "");
  auto directory = must(root.open("/host/d", flag::directory));
  ASSERT_EQ(root.rmdir("/host/d"), "");
  EXPECT_EQ(must(directory->attributes()).links, 0u);
  EXPECT_EQ(error_of(fs::mkdir(root.caller(), root.at(directory), "x", 0755)), "ENOENT");
  EXPECT_EQ(describe(*directory), "/host/d (deleted)");
}

TEST_F(HostWriting, UnlinkedWhileOpen) {
  root.put("/host/f", "text");
  auto file = must(root.open("/host/f", flag::read_write));
  ASSERT_EQ(root.unlink("/host/f"), "");
  EXPECT_FALSE(host.exists("f"));
  EXPECT_EQ(must(file->attributes()).links, 0u);
  // Something else has its name.
  root.put("/host/f", "other");
  must(file->seek(0, Whence::end));
  must(write_text(*file, " goes on"));
  must(file->seek(0, Whence::set));
  EXPECT_EQ(read_all(*file), "text goes on");
  EXPECT_EQ(must(file->attributes()).size, 12u);
  EXPECT_EQ(error_of(file->truncate(4)), "");
  EXPECT_EQ(must(file->attributes()).size, 4u);
  EXPECT_EQ(error_of(file->sync()), "");
  EXPECT_EQ(error_of(fs::chmod(root.caller(), must(fs::target_of(*file)), 0600)), "");
  EXPECT_EQ(must(file->attributes()).permissions, 0600u);
  EXPECT_EQ(host.get("f"), "other");
  EXPECT_EQ(host.mode("f") & 0777, 0644u);
}

TEST_F(HostWriting, ReplacedByRenameWhileOpen) {
  root.put("/host/old", "old contents");
  root.put("/host/new", "new");
  auto file = must(root.open("/host/old"));
  ASSERT_EQ(root.rename("/host/new", "/host/old"), "");
  EXPECT_EQ(host.names(), (std::vector<std::string>{"old"}));
  EXPECT_EQ(read_all(*file), "old contents");
  EXPECT_EQ(must(file->attributes()).links, 0u);
  EXPECT_EQ(root.get("/host/old"), "new");
}

TEST_F(HostWriting, Renaming) {
  host.mkdir("a");
  host.mkdir("b");
  host.put("a/f", "f");
  uint64_t number = root.stat("/host/a/f").inode;
  auto file = must(root.open("/host/a/f", flag::read_write));
  ASSERT_EQ(root.rename("/host/a/f", "/host/b/g"), "");
  EXPECT_EQ(host.get("b/g"), "f");
  EXPECT_FALSE(host.exists("a/f"));
  EXPECT_EQ(root.stat("/host/b/g").inode, number);
  EXPECT_EQ(describe(*file), "/host/b/g");
  must(write_text(*file, "F"));
  EXPECT_EQ(host.get("b/g"), "F");
  // Whole directories: what is open below goes along.
  ASSERT_EQ(root.rename("/host/b", "/host/a/c"), "");
  EXPECT_EQ(host.get("a/c/g"), "F");
  must(write_text(*file, "GH"));
  EXPECT_EQ(host.get("a/c/g"), "FGH");
  EXPECT_EQ(root.rename("/host/a", "/host/a/c/x"), "EINVAL");
  EXPECT_EQ(root.rename("/host/a", "/away"), "EXDEV");
}

TEST_F(HostWriting, Exchanging) {
  constexpr uint32_t exchange = 2;
  root.put("/host/f", "file");
  ASSERT_EQ(root.mkdir("/host/d"), "");
  root.put("/host/d/g", "g");
  auto file = must(root.open("/host/d/g"));
  ASSERT_EQ(root.rename("/host/f", "/host/d", exchange), "");
  EXPECT_EQ(host.get("d"), "file");
  EXPECT_EQ(host.get("f/g"), "g");
  EXPECT_EQ(root.get("/host/d"), "file");
  EXPECT_EQ(root.get("/host/f/g"), "g");
  EXPECT_EQ(read_all(*file), "g");
}

TEST_F(HostWriting, Links) {
  root.put("/host/f", "text");
  ASSERT_EQ(root.link("/host/f", "/host/g"), "");
  EXPECT_EQ(root.stat("/host/f").links, 2u);
  EXPECT_EQ(root.stat("/host/f").inode, root.stat("/host/g").inode);
  root.put("/host/g", "changed");
  EXPECT_EQ(host.get("f"), "changed");
  // The name that it was found by goes; it lives on by the other.
  auto file = must(root.open("/host/f", flag::read_write));
  ASSERT_EQ(root.unlink("/host/f"), "");
  EXPECT_EQ(must(file->attributes()).links, 1u);
  EXPECT_EQ(root.stat("/host/g").links, 1u);
  EXPECT_EQ(root.chmod("/host/g", 0600), "");
  EXPECT_EQ(host.mode("g") & 0777, 0600u);
  must(write_text(*file, "CH"));
  EXPECT_EQ(host.get("g"), "CHanged");
  ASSERT_EQ(root.symlink("g", "/host/s"), "");
  EXPECT_EQ(root.readlink("/host/s"), "g");
  EXPECT_EQ(host.mode("s") & S_IFMT, static_cast<unsigned>(S_IFLNK));
}

TEST_F(HostWriting, AttributesGoThrough) {
  root.put("/host/f", "text");
  EXPECT_EQ(root.chmod("/host/f", 04751), "");
  EXPECT_EQ(host.mode("f") & 07777, 04751u);
  fs::TimeChange time{fs::TimeChange::Kind::set, 1'234'567'890'123'456'789};
  EXPECT_EQ(error_of(fs::utimens(root.caller(), {}, "/host/f", {fs::TimeChange::Kind::omit}, time, follow)), "");
  struct stat status;
  ASSERT_EQ(stat(host.at("f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'234'567'890);
  EXPECT_EQ(status.st_mtim.tv_nsec, 123'456'789);
  EXPECT_EQ(root.stat("/host/f").modified, time.time);
  EXPECT_EQ(root.get("/host/f"), "text");
  if (geteuid() != 0) return;
  EXPECT_EQ(root.chown("/host/f", 12, 34), "");
  ASSERT_EQ(stat(host.at("f").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 12u);
  EXPECT_EQ(status.st_gid, 34u);
}

TEST_F(HostWriting, SpecialFiles) {
  EXPECT_EQ(root.mknod("/host/fifo", static_cast<uint32_t>(FileType::fifo) | 0640), "");
  EXPECT_EQ(host.mode("fifo"), S_IFIFO | 0640u);
  EXPECT_EQ(root.mknod("/host/socket", static_cast<uint32_t>(FileType::socket) | 0755), "");
  EXPECT_EQ(host.mode("socket"), S_IFSOCK | 0755u);
  EXPECT_EQ(root.mknod("/host/device", static_cast<uint32_t>(FileType::character_device) | 0666, make_device(1, 3)), "EPERM");
  EXPECT_EQ(root.unlink("/host/fifo"), "");
  EXPECT_FALSE(host.exists("fifo"));
}

// A shared mapping stores to the cache's pages; they reach the host when they are synchronised, again and again while it is mapped.
TEST_F(HostWriting, SharedMappings) {
  host.put("f", std::string(5000, 'a'));
  auto file = must(root.open("/host/f", flag::read_write));
  PageCache& cache = *file->inode()->page_cache();
  {
    FrameRef mapped = must(cache.get(1));
    cache.mark_dirty(1);
    mapped.data()[0] = std::byte{'X'};
    EXPECT_EQ(error_of(file->sync()), "");
    EXPECT_EQ(host.get("f").substr(4096, 2), "Xa");
    cache.mark_dirty(1);  // as the fault of the next store does
    mapped.data()[1] = std::byte{'Y'};
    EXPECT_EQ(error_of(file->sync()), "");
    EXPECT_EQ(host.get("f").substr(4096, 3), "XYa");
    EXPECT_EQ(host.size("f"), 5000u);
    // The host changes the file: the mapping sees it when the file is opened again.
    host.put("f", std::string(5000, 'h'));
    must(root.open("/host/f"));
    EXPECT_EQ(static_cast<char>(mapped.data()[0]), 'h');
    cache.mark_dirty(1);
    mapped.data()[2] = std::byte{'Z'};
  }
  // What was stored last arrives when the file goes.
  file = nullptr;
  vfs.dentries().shrink(100);
  EXPECT_EQ(host.get("f").substr(4094, 5), "hhhhZ");
}

// sync(2), syncfs(2) and umount(2) write what only mappings know of.
TEST_F(HostWriting, SyncOfAllWritesWhatIsMapped) {
  host.put("f", "first"), host.put("g", "other");
  auto store = [](File& file, char byte) {
    PageCache& cache = *file.inode()->page_cache();
    FrameRef mapped = must(cache.get(0));
    cache.mark_dirty(0);
    mapped.data()[0] = static_cast<std::byte>(byte);
  };
  auto first = must(root.open("/host/f", flag::read_write)), other = must(root.open("/host/g", flag::read_write));
  store(*first, 'F'), store(*other, 'O');
  EXPECT_EQ(host.get("f"), "first");
  EXPECT_EQ(error_of(vfs.sync()), "");
  EXPECT_EQ(host.get("f") + host.get("g"), "FirstOther");
  EXPECT_FALSE(first->inode()->page_cache()->is_dirty());
  store(*first, 'f');
  EXPECT_EQ(error_of(first->location()->mount->file_system().sync()), "");
  EXPECT_EQ(host.get("f"), "first");
  store(*other, 'o');
  EXPECT_EQ(error_of(fs::umount(root.caller(), "/host", fs::umount_flag::detach)), "");
  EXPECT_EQ(host.get("g"), "other");
}

TEST_F(HostWriting, ListingsWhileEntriesGo) {
  for (int i = 0; i < 100; ++i) host.put("f" + std::to_string(i), "");
  auto directory = must(root.open("/host", flag::directory));
  size_t removed = 0;
  for (;;) {
    auto some = list(*directory, 7);
    if (some.empty()) break;
    for (Listed& entry : some)
      if (!entry.name.starts_with(".")) removed += root.unlink("/host/" + entry.name).empty();
  }
  EXPECT_EQ(removed, 100u);
  EXPECT_TRUE(host.names().empty());
}

TEST_F(HostWriting, AnUnprivilegedCallerGetsTheHostsErrors) {
  host.put("f", "text", 0644);
  host.mkdir("d", 0755);
  if (geteuid() != 0) GTEST_SKIP() << "needs files of another owner";
  Unprivileged now;
  EXPECT_EQ(error_of(root.open("/host/f", flag::write_only)), "EACCES");
  EXPECT_EQ(root.get("/host/f"), "text");
  EXPECT_EQ(root.mkdir("/host/d/x"), "EACCES");
  EXPECT_EQ(error_of(root.open("/host/d/new", flag::write_only | flag::create, 0644)), "EACCES");
  EXPECT_EQ(root.unlink("/host/f"), "EACCES");
  EXPECT_EQ(root.chmod("/host/f", 0666), "EPERM");
}

// Whoever makes a file may write to it whatever its mode says.
TEST_F(HostWriting, AReadOnlyFileIsWrittenByItsMaker) {
  host.mkdir("d", 0777);
  Unprivileged now;
  auto file = must(user.open("/host/d/object", flag::write_only | flag::create | flag::exclusive, 0444));
  EXPECT_EQ(must(write_text(*file, "once")), 4u);
  EXPECT_EQ(must(write_text(*file, " more")), 5u);
  EXPECT_EQ(host.get("d/object"), "once more");
  EXPECT_EQ(host.mode("d/object") & 0777, 0444u);
}

TEST_F(HostWriting, AFailedWriteIsNotRead) {
  host.put("f", "good");
  auto file = must(root.open("/host/f", flag::read_write));
  EXPECT_EQ(read_all(*file), "good");
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  rlimit small{4, limit.rlim_max};
  auto old = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  auto written = write_text(*file, " but more");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, old);
  EXPECT_EQ(error_of(written), "EFBIG");
  EXPECT_EQ(root.get("/host/f"), "good");
  EXPECT_EQ(root.stat("/host/f").size, 4u);
}

TEST_F(HostWriting, ASingleFile) {
  host.put("one", "1");
  root.put("/place", "");
  auto file_system = must(fs::HostFileSystem::create(vfs, must(hal::open_host_files(host.at("one"), true)), true));
  ASSERT_EQ(error_of(vfs.mount(file_system, must(fs::resolve(root.caller(), {}, "/place", follow)), "one", 0)), "");
  auto file = must(root.open("/place", flag::write_only | flag::truncate));
  must(write_text(*file, "written"));
  EXPECT_EQ(host.get("one"), "written");
  EXPECT_EQ(root.rename("/place", "/other"), "EBUSY");
}

}  // namespace
}  // namespace halcyon::test
