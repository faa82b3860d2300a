// RadixTree: sparse indices, dirty marks, and nothing left behind.
#include "core/mm/cache/radix_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/unit/fs/memory.h"

namespace halcyon::test {
namespace {

class RadixTreeTest : public testing::Test {
 protected:
  ~RadixTreeTest() override {
    uint64_t index = 0;
    while (tree.take_from(&index) != RadixTree::none) {
    }
  }
  MemoryCpu memory;
  RadixTree tree;
};

TEST_F(RadixTreeTest, AFirstValueFarAway) {
  for (uint64_t index : {uint64_t{0}, uint64_t{63}, uint64_t{64}, uint64_t{262143}, uint64_t{1} << 40, (uint64_t{1} << 52) - 1}) {
    size_t before = memory.heap().live_objects();
    ASSERT_TRUE(tree.insert(index, 0x5000));
    EXPECT_EQ(tree.find(index), 0x5000u);
    EXPECT_EQ(tree.find(index ^ 1), RadixTree::none);
    uint64_t at = 0;
    EXPECT_EQ(tree.take_from(&at), 0x5000u);
    EXPECT_EQ(at, index);
    EXPECT_EQ(memory.heap().live_objects(), before);
  }
}

TEST_F(RadixTreeTest, AgreesWithAMap) {
  std::mt19937_64 random(1);
  std::map<uint64_t, PhysAddr> model;
  for (int round = 0; round < 20000; ++round) {
    uint64_t index = random() >> (12 + random() % 52);
    if (random() % 3 == 0) {
      uint64_t at = index;
      PhysAddr taken = tree.take_from(&at);
      auto expected = model.lower_bound(index);
      ASSERT_EQ(taken == RadixTree::none, expected == model.end());
      if (expected == model.end()) continue;
      ASSERT_EQ(at, expected->first);
      ASSERT_EQ(taken, expected->second);
      model.erase(expected);
    } else if (!model.contains(index)) {
      PhysAddr value = (random() % 1000) << page_shift;
      ASSERT_TRUE(tree.insert(index, value));
      model[index] = value;
    }
  }
  for (auto [index, value] : model) ASSERT_EQ(tree.find(index), value);
}

TEST_F(RadixTreeTest, DirtyMarks) {
  for (uint64_t index : {3, 70, 5000}) ASSERT_TRUE(tree.insert(index, index << page_shift));
  tree.set_dirty(70, true);
  tree.set_dirty(71, true);  // nothing there
  uint64_t at = 0;
  EXPECT_EQ(tree.next_dirty(&at), 70u << page_shift);
  EXPECT_EQ(at, 70u);
  EXPECT_TRUE(tree.is_dirty(70));
  EXPECT_FALSE(tree.is_dirty(3));
  tree.set_dirty(70, false);
  at = 0;
  EXPECT_EQ(tree.next_dirty(&at), RadixTree::none);
  at = 4;
  EXPECT_EQ(tree.next(&at), 70u << page_shift);
}

// Memory that runs out on the way leaves the tree as it was.
TEST_F(RadixTreeTest, NoMemory) {
  ASSERT_TRUE(tree.insert(1, 0x1000));
  std::vector<void*> all;
  for (size_t size : {size_t{1} << 20, size_t{4096}, size_t{512}, size_t{64}})
    while (void* piece = allocate(size, 8)) all.push_back(piece);
  bool failed = false;
  for (uint64_t index = 1; index < 1000 && !failed; ++index) failed = !tree.insert((uint64_t{1} << 45) + (index << 30), 0x2000);
  EXPECT_TRUE(failed);
  for (void* piece : all) deallocate(piece);
  EXPECT_EQ(tree.find(1), 0x1000u);
}

}  // namespace
}  // namespace halcyon::test
