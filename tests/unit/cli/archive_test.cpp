// Archives made by libarchive itself, and damaged ones.
#include "cli/root/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "cli/failure.h"

namespace halcyon::cli {
namespace {

// A tar file in a temporary place.
class TarFile {
 public:
  explicit TarFile(int (*compress)(archive*) = nullptr) {
    int fd = mkstemp(name_.data());
    writer_ = archive_write_new();
    archive_write_set_format_pax(writer_);
    if (compress) compress(writer_);
    archive_write_set_bytes_in_last_block(writer_, 1);
    archive_write_open_filename(writer_, name_.c_str());
    if (fd >= 0) ::close(fd);
  }
  ~TarFile() {
    finish();
    std::remove(name_.c_str());
  }
  void add(const std::string& path, uint32_t mode, const std::string& data = "", const std::string& link = "", bool is_hard = false) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_mode(entry, mode);
    archive_entry_set_uid(entry, 12);
    archive_entry_set_gid(entry, 34);
    archive_entry_set_mtime(entry, 1000, 500);
    archive_entry_set_size(entry, static_cast<int64_t>(data.size()));
    if (is_hard) archive_entry_set_hardlink(entry, link.c_str());
    else if (!link.empty()) archive_entry_set_symlink(entry, link.c_str());
    if ((mode & 0170000) == 0020000) archive_entry_set_rdev(entry, 0x0103);
    archive_write_header(writer_, entry);
    if (!data.empty()) archive_write_data(writer_, data.data(), data.size());
    archive_entry_free(entry);
  }
  const std::string& finish() {
    if (writer_) archive_write_free(writer_);
    writer_ = nullptr;
    return name_;
  }
  std::string contents() {
    std::ifstream file(finish(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void replace(const std::string& bytes) {
    finish();
    std::ofstream(name_, std::ios::binary | std::ios::trunc) << bytes;
  }

 private:
  std::string name_ = "/tmp/halcyon-tar-XXXXXX";
  archive* writer_ = nullptr;
};

std::string failure(const std::string& file) {
  try {
    ArchiveImage::read(file);
  } catch (const Failure& refused) {
    EXPECT_EQ(refused.status(), 125);
    return refused.what();
  }
  return "";
}

TEST(Archive, FilesAndDirectories) {
  TarFile tar;
  tar.add("./bin/", 0040755);
  tar.add("./bin/sh", 0100755, "hello");
  ArchiveImage image = ArchiveImage::read(tar.finish());
  const ArchiveEntry* file = image.find("bin/sh");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->data, "hello");
  EXPECT_EQ(file->mode, 0100755u);
  EXPECT_EQ(file->uid, 12u);
  EXPECT_EQ(file->gid, 34u);
  EXPECT_EQ(file->modified, 1000'000'000'500);
  ASSERT_TRUE(image.find("bin"));
  EXPECT_TRUE(image.find("bin")->is_directory());
  EXPECT_FALSE(image.find("bin/cat"));
}

TEST(Archive, LeavingOutDirectoriesIsFine) {
  TarFile tar;
  tar.add("a/b/c", 0100644, "x");
  ArchiveImage image = ArchiveImage::read(tar.finish());
  EXPECT_TRUE(image.find("a")->is_directory());
  EXPECT_TRUE(image.find("a/b")->is_directory());
  std::vector<std::string> order;
  for (const ArchiveEntry& entry : image.entries()) order.push_back(entry.path);
  EXPECT_EQ(order, (std::vector<std::string>{"", "a", "a/b", "a/b/c"}));
}

TEST(Archive, Links) {
  TarFile tar;
  tar.add("busybox", 0100755, "program");
  tar.add("sh", 0120777, "", "busybox");
  tar.add("ash", 0100755, "", "busybox", true);
  ArchiveImage image = ArchiveImage::read(tar.finish());
  EXPECT_TRUE(image.find("sh")->is_symlink());
  EXPECT_EQ(image.find("sh")->target, "busybox");
  EXPECT_EQ(image.find("ash")->data, "program");
}

TEST(Archive, DevicesAndFifos) {
  TarFile tar;
  tar.add("null", 0020666);
  tar.add("fifo", 0010600);
  ArchiveImage image = ArchiveImage::read(tar.finish());
  EXPECT_EQ(image.find("null")->device_major, 1u);
  EXPECT_EQ(image.find("null")->device_minor, 3u);
  EXPECT_EQ(image.find("fifo")->mode, 0010600u);
}

TEST(Archive, LongNamesAndLargeFiles) {
  TarFile tar;
  std::string name = std::string(200, 'd') + "/" + std::string(250, 'f');
  tar.add(name, 0100644, std::string(1 << 20, 'z'));
  ArchiveImage image = ArchiveImage::read(tar.finish());
  ASSERT_TRUE(image.find(name));
  EXPECT_EQ(image.find(name)->data.size(), size_t{1} << 20);
}

TEST(Archive, NamesInUtf8) {
  TarFile tar;
  tar.add("d\xc3\xa9", 0100644, "x");
  EXPECT_TRUE(ArchiveImage::read(tar.finish()).find("d\xc3\xa9"));
}

TEST(Archive, Compressions) {
  for (auto compress : {archive_write_add_filter_gzip, archive_write_add_filter_xz, archive_write_add_filter_zstd}) {
    TarFile tar(compress);
    tar.add("f", 0100644, "data");
    EXPECT_EQ(ArchiveImage::read(tar.finish()).find("f")->data, "data");
  }
}

TEST(Archive, ALaterEntryReplacesAnEarlierOne) {
  TarFile tar;
  tar.add("f", 0100644, "old");
  tar.add("f", 0100600, "new");
  EXPECT_EQ(ArchiveImage::read(tar.finish()).find("f")->data, "new");
}

TEST(ArchiveErrors, NamesThatLeadOutside) {
  TarFile tar;
  tar.add("../../etc/passwd", 0100644, "x");
  EXPECT_NE(failure(tar.finish()).find("leads outside the root"), std::string::npos);
}

TEST(ArchiveErrors, AHardLinkToNothing) {
  TarFile tar;
  tar.add("f", 0100644, "", "missing", true);
  EXPECT_NE(failure(tar.finish()).find("corrupt archive"), std::string::npos);
}

TEST(ArchiveErrors, NotAnArchive) {
  TarFile tar;
  tar.replace("this is a text, not an archive\n");
  EXPECT_NE(failure(tar.finish()), "");
  tar.replace("");
  EXPECT_NE(failure(tar.finish()), "");
}

TEST(ArchiveErrors, MissingFile) { EXPECT_NE(failure("/nonexistent.tar").find("/nonexistent.tar"), std::string::npos); }

TEST(ArchiveErrors, CutShort) {
  TarFile tar;
  tar.add("f", 0100644, std::string(100'000, 'x'));
  std::string whole = tar.contents();
  tar.replace(whole.substr(0, 50'000));
  EXPECT_NE(failure(tar.finish()).find("corrupt archive"), std::string::npos);
}

TEST(ArchiveErrors, DamagedCompression) {
  TarFile tar(archive_write_add_filter_gzip);
  std::string noise;
  for (unsigned i = 0, x = 1; i < 100'000; ++i) noise.push_back(static_cast<char>((x = x * 1103515245 + 12345) >> 16));
  tar.add("f", 0100644, noise);
  std::string whole = tar.contents();
  whole.resize(whole.size() / 2);
  tar.replace(whole);
  EXPECT_NE(failure(tar.finish()).find("corrupt archive"), std::string::npos) << failure(tar.finish());
}

TEST(Archive, PathsAreNormalised) {
  std::string normal;
  EXPECT_TRUE(normalise_path("./a//b/./c/", &normal));
  EXPECT_EQ(normal, "a/b/c");
  EXPECT_TRUE(normalise_path("/", &normal));
  EXPECT_EQ(normal, "");
  EXPECT_FALSE(normalise_path("a/../b", &normal));
}

}  // namespace
}  // namespace halcyon::cli
