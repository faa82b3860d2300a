// VmaTree: neighbours, lookups and gaps, against a plain list; and how deep it gets.
#include "core/mm/vma_tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>

#include "core/mm/vma.h"
#include "tests/unit/fs/memory.h"

namespace halcyon::test {
namespace {

class VmaTreeTest : public testing::Test {
 protected:
  Vma& add(UserAddr start, UserAddr end) {
    auto vma = make<Vma>();
    if (!vma) std::abort();
    (*vma)->start = start, (*vma)->end = end;
    Vma& added = *(*vma).release();
    tree.insert(added);
    return added;
  }
  void drop(Vma& vma) {
    tree.erase(vma);
    Own<Vma>(&vma).reset();
  }
  MemoryCpu memory;
  VmaTree tree;
};

TEST_F(VmaTreeTest, EmptyAndOne) {
  EXPECT_EQ(tree.first(), nullptr);
  EXPECT_EQ(tree.find_from(0), nullptr);
  EXPECT_EQ(tree.find_before(~UserAddr{0}), nullptr);
  EXPECT_EQ(tree.last_with_gap(nullptr, 1), nullptr);
  Vma& one = add(0x5000, 0x6000);
  EXPECT_EQ(tree.find_from(0), &one);
  EXPECT_EQ(tree.find_from(0x5fff), &one);
  EXPECT_EQ(tree.find_from(0x6000), nullptr);
  EXPECT_EQ(tree.find_before(0x5000), nullptr);
  EXPECT_EQ(tree.find_before(0x5001), &one);
  EXPECT_EQ(tree.last_with_gap(&one, 0x5000), &one);
  EXPECT_EQ(tree.last_with_gap(&one, 0x5001), nullptr);
}

// The map says for each start where the VMA ends.
using Model = std::map<UserAddr, Vma*>;

uint64_t gap_before(const Model& model, Model::const_iterator at) {
  return at->first - (at == model.begin() ? 0 : std::prev(at)->second->end);
}

TEST_F(VmaTreeTest, AgreesWithAList) {
  std::mt19937_64 random(7);
  Model model;
  auto check = [&] {
    ASSERT_EQ(tree.size(), model.size());
    auto expected = model.begin();
    for (Vma& vma : tree) ASSERT_EQ(&vma, (expected++)->second);
    for (int i = 0; i < 20; ++i) {
      UserAddr address = random() % 0x100000;
      auto after = model.upper_bound(address);
      auto from = after != model.begin() && std::prev(after)->second->end > address ? std::prev(after) : after;
      ASSERT_EQ(tree.find_from(address), from == model.end() ? nullptr : from->second);
      auto behind = model.lower_bound(address);
      Vma* before = behind == model.begin() ? nullptr : std::prev(behind)->second;
      ASSERT_EQ(tree.find_before(address), before);
      uint64_t length = random() % 0x4000 + 1;
      Vma* last = nullptr;
      for (auto at = model.begin(); at != behind; ++at)
        if (gap_before(model, at) >= length) last = at->second;
      ASSERT_EQ(tree.last_with_gap(before, length), last);
      if (from == model.end()) continue;
      auto first = from;
      while (first != model.end() && gap_before(model, first) < length) ++first;
      ASSERT_EQ(tree.first_with_gap(from->second, length), first == model.end() ? nullptr : first->second);
    }
  };
  for (int step = 0; step < 3000; ++step) {
    UserAddr start = random() % 0x1000 * 0x100;
    auto at = model.lower_bound(start);
    bool is_free = (at == model.end() || at->first >= start + 0x100) && (at == model.begin() || std::prev(at)->second->end <= start);
    if (is_free && random() % 3 != 0) {
      model[start] = &add(start, start + 0x100);
    } else if (at != model.end() && random() % 3 == 0) {  // shrinks, or grows back
      at->second->end = at->first + 0x40 + random() % 0xc1;
      tree.note_bounds(*at->second);
    } else if (at != model.end()) {
      drop(*at->second);
      model.erase(at);
    }
    if (step % 20 == 0) check();
  }
  check();
}

TEST_F(VmaTreeTest, StaysShallow) {
  constexpr unsigned count = 60'000;
  for (unsigned i = count; i > 0; --i) add(i * 0x2000, i * 0x2000 + 0x1000);  // as mmap places them: each below the last
  std::function<unsigned(const Vma*)> depth = [&](const Vma* vma) { return vma ? 1 + std::max(depth(vma->left), depth(vma->right)) : 0; };
  const Vma* root = tree.first();
  while (root->parent) root = root->parent;
  EXPECT_LT(depth(root), 4 * std::log2(count));
}

}  // namespace
}  // namespace halcyon::test
