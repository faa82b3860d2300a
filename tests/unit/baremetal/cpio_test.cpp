// Archives of the newc format written here, whole and damaged.
#include "hal-baremetal/boot/cpio.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace halcyon {
namespace {

std::string padded(std::string text) {
  text.resize((text.size() + 3) / 4 * 4);
  return text;
}

std::string entry(const std::string& name, uint32_t mode, const std::string& data, uint32_t inode = 1, uint32_t links = 1) {
  std::string header = fmt::format("070701{:08x}{:08X}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", inode, mode, 12,
                                   34, links, 1000, data.size(), 8, 1, 5, 6, name.size() + 1, 0);
  return padded(header + name + '\0') + padded(data);
}

const std::string trailer = entry("TRAILER!!!", 0, "");

struct Read {
  std::vector<CpioEntry> entries;
  std::string failure;
  size_t offset = 0;
};

Read read_all(const std::string& archive) {
  CpioReader reader(std::as_bytes(std::span(archive)));
  Read read;
  for (;;) {
    CpioEntry one;
    auto status = reader.next(&one);
    if (status == CpioReader::Status::entry) read.entries.push_back(one);
    if (status == CpioReader::Status::broken) read.failure = reader.failure();
    read.offset = reader.offset();
    if (status != CpioReader::Status::entry) return read;
  }
}

std::string text(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

TEST(Cpio, ReadsEntries) {
  std::string archive = entry(".", 0040755, "") + entry("bin/sh", 0100755, "hello", 7, 2) + entry("link", 0120777, "bin/sh") + trailer;
  Read read = read_all(archive);
  EXPECT_EQ(read.failure, "");
  ASSERT_EQ(read.entries.size(), 3u);
  EXPECT_EQ(read.entries[0].path, ".");
  const CpioEntry& file = read.entries[1];
  EXPECT_EQ(file.path, "bin/sh");
  EXPECT_EQ(file.mode, 0100755u);
  EXPECT_EQ(text(file.data), "hello");
  EXPECT_EQ(file.inode, 7u);
  EXPECT_EQ(file.links, 2u);
  EXPECT_EQ(file.uid, 12u);
  EXPECT_EQ(file.gid, 34u);
  EXPECT_EQ(file.modified, 1000u);
  EXPECT_EQ(file.device_major, 8u);
  EXPECT_EQ(file.device_minor, 1u);
  EXPECT_EQ(file.special_major, 5u);
  EXPECT_EQ(file.special_minor, 6u);
  EXPECT_EQ(text(read.entries[2].data), "bin/sh");
}

TEST(Cpio, ReadsArchivesThatFollowOneAnother) {
  std::string first = entry("a", 0100644, "1") + trailer + std::string(512, '\0'), second = entry("b", 0100644, "22") + trailer;
  std::string both = first + second;  // what was read points into it
  Read read = read_all(both);
  EXPECT_EQ(read.failure, "");
  ASSERT_EQ(read.entries.size(), 2u);
  EXPECT_EQ(read.entries[1].path, "b");
  EXPECT_EQ(text(read.entries[1].data), "22");
  EXPECT_EQ(read_all(first + second + std::string(3, '\0')).failure, "");
  EXPECT_NE(read_all(first + "rubbish").failure, "");
}

TEST(Cpio, RefusesEveryTruncation) {
  std::string archive = entry("directory", 0040755, "") + entry("file", 0100644, "contents of a file") + trailer;
  size_t needed = archive.find("TRAILER!!!") + 11;  // the padding behind the last name may be missing
  for (size_t size = 0; size < archive.size(); ++size) {
    Read read = read_all(archive.substr(0, size));
    if (size < needed) EXPECT_NE(read.failure, "") << size;
    else EXPECT_EQ(read.failure, "") << size;
    EXPECT_LE(read.offset, size);
  }
}

TEST(Cpio, SurvivesAnyChangedByte) {
  std::string archive = entry("directory", 0040755, "") + entry("file", 0100644, "contents") + trailer;
  for (size_t at = 0; at < archive.size(); ++at) {
    for (char value : {'\0', '0', '7', 'f', 'F', '~', '\xff'}) {
      std::vector<char> changed(archive.begin(), archive.end());  // its own allocation, so that a sanitizer sees what lies outside
      changed[at] = value;
      CpioReader reader(std::as_bytes(std::span(changed)));
      CpioEntry one;
      size_t count = 0;
      while (reader.next(&one) == CpioReader::Status::entry) {
        for (std::byte byte : one.data) count += byte != std::byte{0};
        count += one.path.size();
        ASSERT_LE(count, 10 * archive.size());
      }
    }
  }
}

TEST(Cpio, SaysWhatIsWrong) {
  EXPECT_EQ(read_all("").failure, "is empty");
  EXPECT_EQ(read_all(std::string(1024, '\0')).failure, "is empty");
  EXPECT_EQ(read_all("\x1f\x8b" + std::string(1000, 'x')).failure, "is no cpio archive of the newc format");
  EXPECT_EQ(read_all(entry("a", 0100644, "x")).failure, "is cut short") << "the trailer is missing";
  std::string bad = entry("a", 0100644, "x") + trailer;
  bad[10] = 'g';
  EXPECT_EQ(read_all(bad).failure, "has a header that is not made of hexadecimal numbers");
}

}  // namespace
}  // namespace halcyon
