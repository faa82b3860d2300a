// PageCache above a source: what is filled when, what is written through, what is given back when memory runs short.
#include "core/mm/cache/page_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/mm/frames/frame_allocator.h"
#include "tests/unit/fs/memory.h"

namespace halcyon::test {
namespace {

// A file whose every page repeats a letter.
class Letters final : public PageSource {
 public:
  Result<> fill(uint64_t index, std::span<std::byte* const> pages) override {
    if (failing) return err::io;
    for (std::byte* page : pages) {
      if (index == broken) return err::io;
      fills.push_back(index);
      std::fill_n(page, page_size, static_cast<std::byte>(first + index++ % 26));
    }
    return {};
  }
  uint64_t broken = UINT64_MAX;
  Result<> write_back(uint64_t offset, std::span<const std::byte> bytes) override {
    if (failing) return err::io;
    written[offset] = std::string(bytes.size(), '\0');
    for (size_t i = 0; i < bytes.size(); ++i) written[offset][i] = static_cast<char>(bytes[i]);
    return {};
  }
  std::vector<uint64_t> fills;
  std::map<uint64_t, std::string> written;
  char first = 'a';
  bool failing = false;
};

class PageCacheTest : public testing::Test {
 protected:
  std::string read(PageCache& pages, uint64_t offset, size_t count) {
    std::string text(count, '?');
    KernelSink sink(std::as_writable_bytes(std::span(text)));
    auto done = pages.read(offset, sink);
    if (!done) return "!";
    text.resize(*done);
    return text;
  }
  size_t write(PageCache& pages, uint64_t offset, std::string_view text) {
    KernelSource source(std::as_bytes(std::span(text)));
    return pages.write(offset, source).value();
  }

  MemoryCpu memory{16 << 20};
  Letters letters;
  PageCache cache{&letters, 100 * page_size};
};

// Gives some bytes, then fails, as user memory that ends does.
class Short final : public Source {
 public:
  Short(size_t size, size_t good) : Source(size), good_(good) {}
  Result<size_t> read(std::span<std::byte> buffer) override {
    size_t count = std::min(buffer.size(), good_);
    if (count == 0) return err::fault;
    std::fill_n(buffer.begin(), count, std::byte{'S'});
    good_ -= count;
    advance(count);
    return count;
  }

 private:
  size_t good_;
};

TEST_F(PageCacheTest, PagesAreFilledWhenTheyAreTouched) {
  EXPECT_EQ(read(cache, 3 * page_size - 2, 4), "ccdd");
  EXPECT_EQ(letters.fills.size(), 16u);  // with those around them
  EXPECT_EQ(read(cache, 3 * page_size - 2, 4), "ccdd");
  EXPECT_EQ(read(cache, 16 * page_size - 1, 1), "p");
  EXPECT_EQ(letters.fills.size(), 16u);
  EXPECT_EQ(read(cache, 100 * page_size - 1, 10), "v");
  EXPECT_EQ(letters.fills.size(), 20u);  // not beyond the end
  EXPECT_EQ(letters.fills.back(), 99u);
  letters.failing = true;
  EXPECT_EQ(read(cache, 50 * page_size, 10), "!");
}

TEST_F(PageCacheTest, OneByteCostsOnePage) {
  EXPECT_EQ(write(cache, 40 * page_size + 7, "X"), 1u);
  EXPECT_EQ(letters.fills, (std::vector<uint64_t>{40}));
  EXPECT_EQ(read(cache, 40 * page_size + 6, 3), "oXo");
  EXPECT_EQ(cache.resident_pages(), 1u);
}

TEST_F(PageCacheTest, OnlyWhatIsMissingIsFetched) {
  write(cache, 20 * page_size, "XY");
  letters.fills.clear();
  EXPECT_EQ(read(cache, 17 * page_size, 1), "r");
  EXPECT_EQ(letters.fills, (std::vector<uint64_t>{16, 17, 18, 19}));
  EXPECT_EQ(read(cache, 20 * page_size, 3), "XYu");
}

// A page that cannot be read does not keep those beside it away.
TEST_F(PageCacheTest, ABrokenPage) {
  letters.broken = 5;
  EXPECT_EQ(read(cache, 4 * page_size, 1), "e");
  EXPECT_EQ(read(cache, 5 * page_size, 1), "!");
  EXPECT_EQ(read(cache, 6 * page_size, 1), "g");
}

TEST_F(PageCacheTest, WholePagesAreNotFilled) {
  EXPECT_EQ(write(cache, page_size, std::string(2 * page_size, 'W')), 2 * page_size);
  EXPECT_TRUE(letters.fills.empty());
  EXPECT_EQ(read(cache, 3 * page_size - 1, 2), "Wd");
}

// A write that breaks off in the middle of a page leaves the rest of that page as it was.
TEST_F(PageCacheTest, AWriteThatBreaksOff) {
  Short source(page_size, 100);
  EXPECT_EQ(cache.write(5 * page_size, source).value(), 100u);
  EXPECT_EQ(read(cache, 5 * page_size + 98, 4), "SSff");
  Short nothing(page_size, 0);
  EXPECT_EQ(cache.write(6 * page_size, nothing).error(), Errno::fault);
  EXPECT_EQ(read(cache, 6 * page_size, 2), "gg");
  Short across(3 * page_size, page_size + 1);
  EXPECT_EQ(cache.write(7 * page_size, across).value(), page_size + 1);
  EXPECT_EQ(read(cache, 8 * page_size - 1, 3), "SSi");
}

TEST_F(PageCacheTest, CutAndGrown) {
  ASSERT_TRUE(cache.set_size(page_size + 3));
  EXPECT_EQ(read(cache, page_size, 10), "bbb");
  ASSERT_TRUE(cache.set_size(2 * page_size));
  EXPECT_EQ(read(cache, page_size + 2, 2), std::string("b\0", 2));
}

TEST_F(PageCacheTest, WritingBack) {
  write(cache, 10, "XY");
  write(cache, 99 * page_size + 100, "Z");
  ASSERT_TRUE(cache.set_size(99 * page_size + 101));
  ASSERT_TRUE(cache.write_back());
  EXPECT_EQ(letters.written.size(), 2u);
  EXPECT_EQ(letters.written[0].substr(9, 4), "aXYa");
  EXPECT_EQ(letters.written[99 * page_size].size(), 101u);
  letters.written.clear();
  ASSERT_TRUE(cache.write_back());
  EXPECT_TRUE(letters.written.empty());
  write(cache, 0, "Q");
  letters.failing = true;
  EXPECT_EQ(cache.write_back().error(), Errno::io);
  letters.failing = false;
  ASSERT_TRUE(cache.write_back());
  EXPECT_EQ(letters.written.size(), 1u);
}

TEST_F(PageCacheTest, WritingThroughIsExact) {
  write(cache, page_size - 1, "12");
  ASSERT_TRUE(cache.write_through(page_size - 1, 2));
  EXPECT_EQ(letters.written, (std::map<uint64_t, std::string>{{page_size - 1, "1"}, {page_size, "2"}}));
  letters.written.clear();
  ASSERT_TRUE(cache.write_back());
  EXPECT_TRUE(letters.written.empty());
}

TEST_F(PageCacheTest, Invalidating) {
  FrameRef mapped = cache.get(1).value();
  read(cache, 0, 5 * page_size);
  letters.first = 'A';
  write(cache, 2 * page_size, "dirty");
  cache.invalidate(3 * page_size);
  EXPECT_EQ(cache.resident_pages(), 2u);
  EXPECT_EQ(read(cache, 2 * page_size, 6), "dirtyc");
  EXPECT_EQ(static_cast<char>(mapped.data()[0]), 'B');  // mappings see what descriptors see
  EXPECT_EQ(read(cache, page_size - 1, 2), "AB");
  EXPECT_EQ(read(cache, 3 * page_size, 1), "");
  EXPECT_EQ(cache.get(1)->address(), mapped.address());
}

TEST_F(PageCacheTest, ALargeFileIsReadInLittleMemory) {
  constexpr uint64_t pages = 10000;  // of 4096 that there are
  PageCache large(&letters, pages * page_size);
  for (uint64_t page = 0; page < pages; ++page) ASSERT_EQ(read(large, page << page_shift, 1)[0], static_cast<char>('a' + page % 26));
  EXPECT_GT(frames().free_pages(), 0u);
  EXPECT_LT(large.resident_pages(), 4096u);
}

TEST_F(PageCacheTest, WhatIsDirtyOrMappedIsNotGivenBack) {
  FrameRef mapped = cache.get(0).value();
  write(cache, page_size, "dirty");
  read(cache, 2 * page_size, 50 * page_size);
  EXPECT_EQ(frames().reclaimable().reclaim(1000), 62u);
  EXPECT_EQ(cache.resident_pages(), 2u);
  EXPECT_EQ(read(cache, page_size, 6), "dirtyb");
  letters.fills.clear();
  EXPECT_EQ(read(cache, 2 * page_size, 1), "c");
  EXPECT_EQ(letters.fills.front(), 2u);
}

// Who needs frames takes them from caches, whichever cache it is.
TEST_F(PageCacheTest, MemoryForOthersComesFromCaches) {
  PageCache large(&letters, 10000 * page_size);
  read(large, 0, 1);
  for (uint64_t page = 0; page < 3000; ++page) read(large, page << page_shift, 1);
  PageCache in_memory;
  size_t written = 0;
  while (written < 3500) {
    if (write(in_memory, written << page_shift, std::string(page_size, 'm')) == 0) break;
    ++written;
  }
  EXPECT_EQ(written, 3500u);
  EXPECT_EQ(read(in_memory, 3000 << page_shift, 1), "m");
}

}  // namespace
}  // namespace halcyon::test
