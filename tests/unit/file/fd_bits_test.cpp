// FdBits against a plain array.
#include "core/file/fd_bits.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/unit/fs/memory.h"

namespace halcyon::test {
namespace {

TEST(FdBits, AgreesWithAnArray) {
  MemoryCpu memory;
  std::mt19937 random(3);
  for (size_t count : {1u, 63u, 64u, 65u, 4096u, 4097u, 10'000u}) {
    FdBits bits;
    ASSERT_TRUE(bits.resize(count));
    std::vector<bool> model(count);
    // Mostly full, so that whole words are passed over.
    for (size_t fd = 0; fd < count; ++fd) bits.take(fd), model[fd] = true;
    auto check = [&](size_t from) {
      size_t free = from, taken = from;
      while (free < count && model[free]) ++free;
      while (taken < count && !model[taken]) ++taken;
      size_t found = bits.next_free(from);
      ASSERT_TRUE(found == free || (free == count && found >= count)) << count << " " << from;
      ASSERT_EQ(bits.next_taken(from), taken == count ? FdBits::none : taken) << count << " " << from;
    };
    check(0);
    for (int step = 0; step < 200; ++step) {
      size_t fd = random() % count;
      if (model[fd]) bits.free(fd);
      else bits.take(fd);
      model[fd] = !model[fd];
      check(random() % count);
      check(0);
    }
  }
}

TEST(FdBits, GrowsWithoutForgetting) {
  MemoryCpu memory;
  FdBits bits;
  for (size_t fd = 0; fd < 9000; ++fd) {
    ASSERT_EQ(bits.next_free(0), fd);
    ASSERT_TRUE(bits.resize(fd + 1));
    bits.take(fd);
  }
  bits.free(5);
  EXPECT_EQ(bits.next_free(0), 5u);
  EXPECT_EQ(bits.next_free(6), 9000u);
}

}  // namespace
}  // namespace halcyon::test
