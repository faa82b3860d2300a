// VmaTree: the VMAs of an address space in the order of their addresses, and the gaps between them. Each knows the gap in front of it and
// the largest in its subtree, so that the highest gap that holds a mapping is found in logarithmic time, as a VMA is.
//
// A treap: a search tree by address that is a heap by priorities drawn at random, which keeps its depth logarithmic; and a list, for the
// neighbours. No lock of its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/types.h"

namespace halcyon {

struct Vma;

// A VMA's place in the tree that it is in.
struct VmaLinks {
  Vma *parent = nullptr, *left = nullptr, *right = nullptr;
  Vma *previous = nullptr, *next = nullptr;
  uint64_t max_gap = 0;  // in front of those of its subtree
  uint32_t priority = 0;
};

class VmaTree {
 public:
  VmaTree() = default;
  VmaTree(const VmaTree&) = delete;
  VmaTree& operator=(const VmaTree&) = delete;
  ~VmaTree() { clear(); }

  size_t size() const { return size_; }
  Vma* first() const { return first_; }
  Vma* last() const { return last_; }
  // The first that ends behind `address`.
  Vma* find_from(UserAddr address) const;
  // The last that starts before `address`.
  Vma* find_before(UserAddr address) const;

  // Its range overlaps none that is there.
  void insert(Vma& vma);
  void erase(Vma& vma);
  // Its start or end has moved, past nobody.
  void note_bounds(Vma& vma);
  // Destroys them all.
  void clear();

  // Of the VMAs up to `from`, or from it on, the nearest that has a gap of at least `length` in front of it.
  Vma* last_with_gap(Vma* from, uint64_t length) const;
  Vma* first_with_gap(Vma* from, uint64_t length) const;

  class Iterator {
   public:
    explicit Iterator(Vma* vma) : vma_(vma) {}
    Vma& operator*() const { return *vma_; }
    Iterator& operator++();
    bool operator==(const Iterator&) const = default;

   private:
    Vma* vma_;
  };
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(nullptr); }

 private:
  uint32_t draw_priority();
  void replace_child(Vma* parent, Vma* old, Vma* child);
  void rotate_up(Vma& vma);
  static uint64_t gap_before(const Vma& vma);
  static void update(Vma& vma);
  static void update_path(Vma* vma);

  Vma* root_ = nullptr;
  Vma* first_ = nullptr;
  Vma* last_ = nullptr;
  size_t size_ = 0;
  uint32_t random_ = 0x9e37'79b9;
};

}  // namespace halcyon
