#include "core/mm/cache/radix_tree.h"

#include <array>
#include <new>

#include "core/base/assert.h"
#include "core/base/memory.h"

namespace halcyon {

// A value is a frame address, whose low bits are free: bit 0 says that the slot is used, bit 1 that the page is dirty.
struct RadixTree::Node {
  union Slot {
    Node* child;
    uint64_t value;
  };
  std::array<Slot, slots> slot{};
  unsigned used = 0;
};

namespace {
constexpr uint64_t used_bit = 1;
constexpr uint64_t dirty_bit = 2;
constexpr PhysAddr address_in(uint64_t value) { return value & ~(used_bit | dirty_bit); }
}  // namespace

RadixTree::~RadixTree() {
  if (root_) drop(root_, levels_ - 1);
}

// Nodes without values: an insertion that ran out of memory left them.
void RadixTree::drop(Node* node, unsigned level) {
  for (Node::Slot& slot : node->slot) {
    if (level > 0 && slot.child) drop(slot.child, level - 1);
    else ASSERT(slot.value == 0);
  }
  deallocate(node);
}

bool RadixTree::covers(uint64_t index) const { return levels_ * bits >= 64 || index >> (levels_ * bits) == 0; }

PhysAddr RadixTree::find(uint64_t index) const {
  if (!root_ || !covers(index)) return none;
  const Node* node = root_;
  for (unsigned level = levels_ - 1; level > 0; --level) {
    node = node->slot[slot_at(index, level)].child;
    if (!node) return none;
  }
  uint64_t value = node->slot[slot_at(index, 0)].value;
  return value ? address_in(value) : none;
}

bool RadixTree::is_dirty(uint64_t index) const {
  uint64_t at = index;
  return next_dirty(&at) != none && at == index;
}

Result<> RadixTree::insert(uint64_t index, PhysAddr value) {
  auto new_node = [] {
    void* place = allocate(sizeof(Node));
    return place ? new (place) Node : nullptr;
  };
  if (!root_) {
    root_ = new_node();
    if (!root_) return err::nomem;
    levels_ = 1;
    while (!covers(index)) ++levels_;
  }
  while (!covers(index)) {
    Node* above = new_node();
    if (!above) return err::nomem;
    above->slot[0].child = root_;
    above->used = 1;
    root_ = above;
    ++levels_;
  }
  Node* node = root_;
  for (unsigned level = levels_ - 1; level > 0; --level) {
    Node::Slot& slot = node->slot[slot_at(index, level)];
    if (!slot.child) {
      slot.child = new_node();
      if (!slot.child) return err::nomem;
      ++node->used;
    }
    node = slot.child;
  }
  Node::Slot& slot = node->slot[slot_at(index, 0)];
  ASSERT(slot.value == 0);
  slot.value = value | used_bit;
  ++node->used;
  return {};
}

void RadixTree::set_dirty(uint64_t index, bool dirty) {
  if (!root_ || !covers(index)) return;
  Node* node = root_;
  for (unsigned level = levels_ - 1; level > 0 && node; --level) node = node->slot[slot_at(index, level)].child;
  if (!node) return;
  uint64_t& value = node->slot[slot_at(index, 0)].value;
  if (value) value = dirty ? value | dirty_bit : value & ~dirty_bit;
}

PhysAddr RadixTree::next_in(const Node& node, unsigned level, uint64_t base, uint64_t* index, bool only_dirty) const {
  unsigned first = *index > base ? slot_at(*index, level) : 0;
  for (unsigned slot = first; slot < slots; ++slot) {
    uint64_t here = base + (static_cast<uint64_t>(slot) << (level * bits));
    if (level == 0) {
      uint64_t value = node.slot[slot].value;
      if (!value || (only_dirty && !(value & dirty_bit))) continue;
      *index = here;
      return address_in(value);
    }
    if (!node.slot[slot].child) continue;
    uint64_t at = std::max(*index, here);
    PhysAddr found = next_in(*node.slot[slot].child, level - 1, here, &at, only_dirty);
    if (found == none) continue;
    *index = at;
    return found;
  }
  return none;
}

PhysAddr RadixTree::next(uint64_t* index) const { return root_ && covers(*index) ? next_in(*root_, levels_ - 1, 0, index, false) : none; }
PhysAddr RadixTree::next_dirty(uint64_t* index) const {
  return root_ && covers(*index) ? next_in(*root_, levels_ - 1, 0, index, true) : none;
}

// Removes the value at `index`, which is there, and the nodes that become empty.
PhysAddr RadixTree::take_in(Node& node, unsigned level, uint64_t index) {
  Node::Slot& slot = node.slot[slot_at(index, level)];
  if (level == 0) {
    PhysAddr value = address_in(slot.value);
    slot.value = 0;
    --node.used;
    return value;
  }
  PhysAddr value = take_in(*slot.child, level - 1, index);
  if (slot.child->used == 0) {
    deallocate(slot.child);
    slot.child = nullptr;
    --node.used;
  }
  return value;
}

PhysAddr RadixTree::take_from(uint64_t* index) {
  if (next(index) == none) return none;
  PhysAddr value = take_in(*root_, levels_ - 1, *index);
  if (root_->used == 0) {
    deallocate(root_);
    root_ = nullptr;
    levels_ = 0;
  }
  return value;
}

}  // namespace halcyon
