// RadixTree: page number -> frame address, in nodes of 64 slots. Sparse files cost only the nodes on the way to their pages.
#pragma once

#include <cstdint>

#include "core/base/result.h"
#include "core/base/types.h"

namespace halcyon {

class RadixTree {
 public:
  static constexpr PhysAddr none = ~PhysAddr{0};

  RadixTree() = default;
  RadixTree(const RadixTree&) = delete;
  RadixTree& operator=(const RadixTree&) = delete;
  ~RadixTree();  // must hold no values any more

  // `none` if there is no value.
  PhysAddr find(uint64_t index) const;
  bool is_dirty(uint64_t index) const;
  // ENOMEM. The slot must be empty.
  Result<> insert(uint64_t index, PhysAddr value);
  void set_dirty(uint64_t index, bool dirty);
  // Removes and returns the value at the lowest index >= *index, storing the index; `none` if there is none. Frees empty nodes.
  PhysAddr take_from(uint64_t* index);
  // The value at the lowest index >= *index without removing it.
  PhysAddr next(uint64_t* index) const;
  PhysAddr next_dirty(uint64_t* index) const;

 private:
  static constexpr unsigned bits = 6;
  static constexpr unsigned slots = 1u << bits;
  struct Node;
  static unsigned slot_at(uint64_t index, unsigned level) { return static_cast<unsigned>(index >> (level * bits)) & (slots - 1); }
  bool covers(uint64_t index) const;
  PhysAddr next_in(const Node& node, unsigned level, uint64_t base, uint64_t* index, bool only_dirty) const;
  static void drop(Node* node, unsigned level);
  static PhysAddr take_in(Node& node, unsigned level, uint64_t index);

  Node* root_ = nullptr;
  unsigned levels_ = 0;  // of nodes; 0 is empty
};

}  // namespace halcyon
