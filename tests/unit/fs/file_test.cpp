// Open files: flags, offsets, contents, times; directories and their positions.
#include "tests/unit/fs/tree.h"

namespace halcyon::test {
namespace {

using Files = FsTest;

TEST_F(Files, OpenErrors) {
  root.mkdir("/d");
  root.put("/f", "x");
  EXPECT_EQ(error_of(root.open("/none")), "ENOENT");
  EXPECT_EQ(error_of(root.open("/d", flag::write_only)), "EISDIR");
  EXPECT_EQ(error_of(root.open("/d", flag::read_only | flag::create)), "EISDIR");
  EXPECT_EQ(error_of(root.open("/d", flag::read_only | flag::truncate)), "EISDIR");
  EXPECT_EQ(error_of(root.open("/f", flag::directory)), "ENOTDIR");
  EXPECT_EQ(error_of(root.open("/f", flag::create | flag::exclusive | flag::write_only)), "EEXIST");
  EXPECT_EQ(error_of(root.open("/f/x", flag::create | flag::write_only)), "ENOTDIR");
  EXPECT_EQ(error_of(root.open("/none/x", flag::create | flag::write_only)), "ENOENT");
  EXPECT_EQ(error_of(root.open(".", flag::create | flag::write_only)), "EISDIR");
  EXPECT_EQ(error_of(root.open("/x", flag::create | flag::directory)), "EINVAL");
  EXPECT_EQ(error_of(user.open("/f", flag::write_only)), "EACCES");
  EXPECT_EQ(error_of(user.open("/f", flag::truncate)), "EACCES");
  EXPECT_EQ(error_of(user.open("/new", flag::create | flag::write_only)), "EACCES");
  EXPECT_EQ(error_of(user.open("/f", flag::no_atime)), "EPERM");
}

TEST_F(Files, CreationAppliesTheUmaskAndIgnoresItsOwnMode) {
  root.context->set_umask(027);
  auto file = must(root.open("/f", flag::create | flag::read_write, 0666));
  EXPECT_EQ(root.stat("/f").permissions, 0640u);
  root.mkdir("/pub");
  root.chmod("/pub", 0777);
  auto readonly = must(user.open("/pub/r", flag::create | flag::read_write, 0400));
  EXPECT_EQ(error_of(write_text(*readonly, "x")), "");
  EXPECT_EQ(error_of(user.open("/pub/r", flag::read_write)), "EACCES");
  EXPECT_EQ(user.stat("/pub/r").uid, 1000u);
}

TEST_F(Files, ReadWriteSeek) {
  auto file = must(root.open("/f", flag::create | flag::read_write, 0644));
  EXPECT_EQ(must(write_text(*file, "hello world")), 11u);
  EXPECT_EQ(must(file->seek(0, Whence::set)), 0u);
  EXPECT_EQ(read_some(*file, 5), "hello");
  EXPECT_EQ(must(file->seek(1, Whence::current)), 6u);
  EXPECT_EQ(read_some(*file, 100), "world");
  EXPECT_EQ(read_some(*file, 100), "");
  EXPECT_EQ(must(file->seek(-5, Whence::end)), 6u);
  EXPECT_EQ(error_of(file->seek(-1, Whence::set)), "EINVAL");
  EXPECT_EQ(error_of(file->seek(-12, Whence::end)), "EINVAL");
  EXPECT_EQ(error_of(file->seek(INT64_MAX, Whence::current)), "EINVAL");
  EXPECT_EQ(must(file->seek(INT64_MAX, Whence::set)), static_cast<uint64_t>(INT64_MAX));
  EXPECT_EQ(read_some(*file, 1), "!EINVAL");
  EXPECT_EQ(error_of(write_text(*file, "x")), "EINVAL");
  EXPECT_EQ(error_of(file->seek(0, static_cast<Whence>(7))), "EINVAL");
}

TEST_F(Files, SeekDataAndHole) {
  root.put("/f", "0123456789");
  auto file = must(root.open("/f"));
  EXPECT_EQ(must(file->seek(3, Whence::data)), 3u);
  EXPECT_EQ(must(file->seek(3, Whence::hole)), 10u);
  EXPECT_EQ(error_of(file->seek(10, Whence::data)), "ENXIO");
  EXPECT_EQ(error_of(file->seek(10, Whence::hole)), "ENXIO");
  EXPECT_EQ(error_of(file->seek(-1, Whence::data)), "ENXIO");
}

TEST_F(Files, PositionedReadsAndWritesLeaveTheOffset) {
  root.put("/f", "abcdef");
  auto file = must(root.open("/f", flag::read_write));
  std::string text(3, '\0');
  KernelSink sink(std::as_writable_bytes(std::span(text)));
  EXPECT_EQ(must(file->read_at(2, sink)), 3u);
  EXPECT_EQ(text, "cde");
  std::string_view piece = "XY";
  KernelSource source(std::as_bytes(std::span(piece)));
  EXPECT_EQ(must(file->write_at(4, source)), 2u);
  EXPECT_EQ(read_all(*file), "abcdXY");
}

TEST_F(Files, AppendFindsTheEndEachTime) {
  root.put("/f", "1");
  auto one = must(root.open("/f", flag::write_only | flag::append));
  auto two = must(root.open("/f", flag::write_only | flag::append));
  write_text(*one, "2");
  write_text(*two, "3");
  must(one->seek(0, Whence::set));
  write_text(*one, "4");
  EXPECT_EQ(root.get("/f"), "1234");
  EXPECT_EQ(must(one->seek(0, Whence::current)), 4u);
}

TEST_F(Files, WritesBehindTheEndLeaveAHole) {
  auto file = must(root.open("/f", flag::create | flag::read_write, 0644));
  must(file->seek(10000, Whence::set));
  write_text(*file, "end");
  Attributes attributes = root.stat("/f");
  EXPECT_EQ(attributes.size, 10003u);
  EXPECT_EQ(attributes.blocks, 8u);
  EXPECT_EQ(root.get("/f"), std::string(10000, '\0') + "end");
}

TEST_F(Files, TruncateShrinksAndGrows) {
  root.put("/f", std::string(9000, 'x'));
  EXPECT_EQ(root.truncate("/f", 5000), "");
  EXPECT_EQ(root.truncate("/f", 6000), "");
  EXPECT_EQ(root.get("/f"), std::string(5000, 'x') + std::string(1000, '\0'));
  root.mkdir("/d");
  EXPECT_EQ(root.truncate("/d", 0), "EISDIR");
  EXPECT_EQ(root.truncate("/none", 0), "ENOENT");
  EXPECT_EQ(user.truncate("/f", 0), "EACCES");
  EXPECT_EQ(root.truncate("/f", uint64_t{1} << 63), "EFBIG");
  auto reader = must(root.open("/f"));
  EXPECT_EQ(error_of(reader->truncate(0)), "EINVAL");
  auto writer = must(root.open("/f", flag::write_only));
  EXPECT_EQ(error_of(writer->truncate(1)), "");
  EXPECT_EQ(root.get("/f"), "x");
}

TEST_F(Files, TruncatingOpenEmptiesTheFile) {
  root.put("/f", "long text");
  root.put("/f", "x");
  EXPECT_EQ(root.get("/f"), "x");
}

TEST_F(Files, Times) {
  root.put("/f", "x");
  Attributes made = root.stat("/f");
  EXPECT_EQ(made.modified, kernel.time.now);
  kernel.time.advance();
  root.get("/f");
  EXPECT_EQ(root.stat("/f").accessed, kernel.time.now);  // relatime: not newer than mtime before
  Nanoseconds first_read = kernel.time.now;
  kernel.time.advance();
  root.get("/f");
  EXPECT_EQ(root.stat("/f").accessed, first_read);
  kernel.time.advance(Nanoseconds{25} * 3600 * 1'000'000'000);
  root.get("/f");
  EXPECT_EQ(root.stat("/f").accessed, kernel.time.now);
  kernel.time.advance();
  auto writer = must(root.open("/f", flag::write_only));
  write_text(*writer, "y");
  Attributes written = root.stat("/f");
  EXPECT_EQ(written.modified, kernel.time.now);
  EXPECT_EQ(written.changed, kernel.time.now);
  kernel.time.advance();
  root.chmod("/f", 0600);
  EXPECT_EQ(root.stat("/f").changed, kernel.time.now);
  EXPECT_EQ(root.stat("/f").modified, written.modified);
}

TEST_F(Files, NoAtimeLeavesTheAccessTime) {
  root.put("/f", "x");
  kernel.time.advance();
  auto file = must(root.open("/f", flag::no_atime));
  read_all(*file);
  EXPECT_LT(root.stat("/f").accessed, kernel.time.now);
}

TEST_F(Files, Utimens) {
  using Kind = fs::TimeChange::Kind;
  root.put("/f", "x");
  root.chmod("/f", 0666);
  EXPECT_EQ(error_of(fs::utimens(root.caller(), {}, "/f", {Kind::set, 5}, {Kind::set, 7}, follow)), "");
  EXPECT_EQ(root.stat("/f").accessed, 5);
  EXPECT_EQ(root.stat("/f").modified, 7);
  EXPECT_EQ(error_of(fs::utimens(root.caller(), {}, "/f", {Kind::omit}, {Kind::now}, follow)), "");
  EXPECT_EQ(root.stat("/f").accessed, 5);
  EXPECT_EQ(root.stat("/f").modified, kernel.time.now);
  EXPECT_EQ(error_of(fs::utimens(user.caller(), {}, "/f", {Kind::set, 5}, {Kind::set, 7}, follow)), "EPERM");
  EXPECT_EQ(error_of(fs::utimens(user.caller(), {}, "/f", {Kind::now}, {Kind::now}, follow)), "");
  root.chmod("/f", 0644);
  EXPECT_EQ(error_of(fs::utimens(user.caller(), {}, "/f", {Kind::now}, {Kind::now}, follow)), "EACCES");
  EXPECT_EQ(error_of(fs::utimens(user.caller(), {}, "/f", {Kind::omit}, {Kind::omit}, follow)), "");
}

TEST_F(Files, ChmodAndChown) {
  root.put("/f", "x", 0644);
  EXPECT_EQ(user.chmod("/f", 0777), "EPERM");
  EXPECT_EQ(root.chmod("/f", 06755), "");
  EXPECT_EQ(root.stat("/f").permissions, 06755u);
  EXPECT_EQ(root.chown("/f", 1000, 1000), "");
  EXPECT_EQ(root.stat("/f").permissions, 0755u);
  EXPECT_EQ(root.stat("/f").uid, 1000u);
  EXPECT_EQ(user.chown("/f", 0, fs::keep_id), "EPERM");
  EXPECT_EQ(user.chown("/f", 1000, 1000), "");
  EXPECT_EQ(user.chown("/f", fs::keep_id, 50), "EPERM");
  user.who = kernel.credentials(1000, 1000, {50});
  EXPECT_EQ(user.chown("/f", fs::keep_id, 50), "");
  EXPECT_EQ(user.chmod("/f", 02755), "");
  EXPECT_EQ(root.stat("/f").permissions, 02755u);
}

TEST_F(Files, SetGidIsDroppedForStrangersToTheGroup) {
  root.put("/f", "x", 0644);
  root.chown("/f", 1000, 50);
  EXPECT_EQ(user.chmod("/f", 02755), "");
  EXPECT_EQ(root.stat("/f").permissions, 0755u);
}

TEST_F(Files, WritesDropSetUserIdUnlessPrivileged) {
  root.put("/f", "x", 0644);
  root.chmod("/f", 06777);
  root.put("/f", "y");
  EXPECT_EQ(root.stat("/f").permissions, 06777u);
  auto file = must(user.open("/f", flag::write_only));
  write_text(*file, "z");
  EXPECT_EQ(root.stat("/f").permissions, 0777u);
}

TEST_F(Files, TmpFileHasNoNameUntilLinked) {
  EXPECT_EQ(error_of(root.open("/", flag::tmp_file)), "EINVAL");
  auto file = must(root.open("/", flag::tmp_file | flag::read_write, 0600));
  EXPECT_EQ(must(file->attributes()).links, 0u);
  write_text(*file, "anonymous");
  EXPECT_TRUE(root.names("/").empty());
  EXPECT_TRUE(describe(*file).ends_with(" (deleted)"));
  EXPECT_EQ(error_of(fs::link(root.caller(), {file}, "", {}, "/named", fs::walk_flag::allow_empty)), "");
  EXPECT_EQ(root.get("/named"), "anonymous");
  EXPECT_EQ(root.stat("/named").links, 1u);
}

TEST_F(Files, PathDescriptorsDoNothing) {
  root.put("/f", "x", 0000);
  auto file = must(user.open("/f", flag::path));
  EXPECT_FALSE(file->is_readable());
  EXPECT_EQ(read_some(*file, 1), "!EBADF");
  EXPECT_EQ(must(file->attributes()).size, 1u);
  EXPECT_EQ(describe(*file), "/f");
}

TEST_F(Files, FlagsThatStay) {
  auto file =
      must(root.open("/f", flag::create | flag::exclusive | flag::truncate | flag::read_write | flag::append | flag::close_on_exec, 0600));
  EXPECT_EQ(file->flags(), flag::read_write | flag::append | flag::large_file);
}

TEST_F(Files, ListingHasDotsAndPositions) {
  root.mkdir("/d");
  for (const char* name : {"/d/a", "/d/b", "/d/c"}) root.put(name, "");
  auto directory = must(root.open("/d"));
  auto entries = list(*directory);
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_EQ(entries[0].name, ".");
  EXPECT_EQ(entries[0].inode, root.stat("/d").inode);
  EXPECT_EQ(entries[1].name, "..");
  EXPECT_EQ(entries[1].inode, root.stat("/").inode);
  EXPECT_EQ(entries[2].inode, root.stat("/d/a").inode);
  EXPECT_TRUE(list(*directory).empty());
  must(directory->seek(static_cast<int64_t>(entries[2].next), Whence::set));
  EXPECT_EQ(list(*directory)[0].name, "b");
  must(directory->seek(0, Whence::set));
  EXPECT_EQ(list(*directory).size(), 5u);
}

TEST_F(Files, ListingGoesOnWhileEntriesComeAndGo) {
  root.mkdir("/d");
  for (int i = 0; i < 10; ++i) root.put("/d/" + std::to_string(i), "");
  auto directory = must(root.open("/d"));
  EXPECT_EQ(list(*directory, 7).size(), 7u);
  for (int i = 0; i < 5; ++i) root.unlink("/d/" + std::to_string(i));
  root.put("/d/new", "");
  auto rest = list(*directory);
  ASSERT_EQ(rest.size(), 6u);
  EXPECT_EQ(rest[0].name, "5");
  EXPECT_EQ(rest[5].name, "new");
}

TEST_F(Files, ARemovedDirectoryListsNothing) {
  root.mkdir("/d");
  auto directory = must(root.open("/d"));
  root.rmdir("/d");
  std::vector<Listed> entries;
  class Nobody final : public DirectoryVisitor {
    bool entry(std::string_view, uint64_t, FileType, uint64_t) override { return false; }
  } nobody;
  EXPECT_EQ(error_of(directory->list(nobody)), "ENOENT");
  EXPECT_EQ(read_some(*directory, 1), "!EISDIR");
}

TEST_F(Files, ExecutablesNeedPermission) {
  root.put("/f", "#!", 0644);
  root.mkdir("/d");
  EXPECT_EQ(error_of(fs::open_executable(root.caller(), {}, "/f", follow)), "EACCES");
  EXPECT_EQ(error_of(fs::open_executable(root.caller(), {}, "/d", follow)), "EACCES");
  root.chmod("/f", 0111);
  auto file = must(fs::open_executable(user.caller(), {}, "/f", follow));
  EXPECT_EQ(read_all(*file), "#!");
  EXPECT_EQ(file->mappable(), file->inode());
}

TEST_F(Files, Statfs) {
  EXPECT_EQ(must(fs::statfs(root.caller(), "/")).magic, 0x01021994u);
  EXPECT_EQ(must(fs::statfs(root.caller(), "/")).name_length, 255u);
  EXPECT_EQ(error_of(fs::statfs(root.caller(), "/none")), "ENOENT");
}

}  // namespace
}  // namespace halcyon::test
