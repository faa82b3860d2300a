#include "core/mm/vma_tree.h"

#include "core/base/own.h"
#include "core/mm/vma.h"

namespace halcyon {

VmaTree::Iterator& VmaTree::Iterator::operator++() {
  vma_ = vma_->next;
  return *this;
}

uint64_t VmaTree::gap_before(const Vma& vma) { return vma.start - (vma.previous ? vma.previous->end : 0); }

void VmaTree::update(Vma& vma) {
  uint64_t gap = gap_before(vma);
  if (vma.left) gap = std::max(gap, vma.left->max_gap);
  if (vma.right) gap = std::max(gap, vma.right->max_gap);
  vma.max_gap = gap;
}

void VmaTree::update_path(Vma* vma) {
  for (; vma; vma = vma->parent) update(*vma);
}

uint32_t VmaTree::draw_priority() {  // xorshift32
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  random_ ^= random_ << 5;
  return random_;
}

void VmaTree::replace_child(Vma* parent, Vma* old, Vma* child) {
  if (!parent) root_ = child;
  else if (parent->left == old) parent->left = child;
  else parent->right = child;
  if (child) child->parent = parent;
}

// Changes places with its parent.
void VmaTree::rotate_up(Vma& vma) {
  Vma& above = *vma.parent;
  replace_child(above.parent, &above, &vma);
  Vma*& inner = above.left == &vma ? vma.right : vma.left;
  (above.left == &vma ? above.left : above.right) = inner;
  if (inner) inner->parent = &above;
  inner = &above;
  above.parent = &vma;
  update(above);
  update(vma);
}

Vma* VmaTree::find_from(UserAddr address) const {
  Vma* found = nullptr;
  for (Vma* at = root_; at;) {
    if (at->end > address) found = at, at = at->left;
    else at = at->right;
  }
  return found;
}

Vma* VmaTree::find_before(UserAddr address) const {
  Vma* found = nullptr;
  for (Vma* at = root_; at;) {
    if (at->start < address) found = at, at = at->right;
    else at = at->left;
  }
  return found;
}

void VmaTree::insert(Vma& vma) {
  Vma *parent = nullptr, *before = nullptr, *after = nullptr;
  for (Vma* at = root_; at;) {
    parent = at;
    if (vma.start < at->start) after = at, at = at->left;
    else before = at, at = at->right;
  }
  vma.parent = parent;
  vma.left = vma.right = nullptr;
  vma.previous = before, vma.next = after;
  (before ? before->next : first_) = &vma;
  (after ? after->previous : last_) = &vma;
  if (!parent) root_ = &vma;
  else (parent == before ? parent->right : parent->left) = &vma;
  ++size_;
  update_path(&vma);  // the next one is among those above
  vma.priority = draw_priority();
  while (vma.parent && vma.parent->priority < vma.priority) rotate_up(vma);
}

void VmaTree::erase(Vma& vma) {
  (vma.previous ? vma.previous->next : first_) = vma.next;
  (vma.next ? vma.next->previous : last_) = vma.previous;
  while (vma.left || vma.right) {
    bool takes_left = !vma.right || (vma.left && vma.left->priority > vma.right->priority);
    rotate_up(takes_left ? *vma.left : *vma.right);
  }
  replace_child(vma.parent, &vma, nullptr);
  --size_;
  update_path(vma.parent);
  update_path(vma.next);
}

void VmaTree::note_bounds(Vma& vma) {
  update_path(&vma);
  update_path(vma.next);
}

void VmaTree::clear() {
  for (Vma* at = first_; at;) {
    Own<Vma> vma(at);
    at = at->next;
  }
  root_ = first_ = last_ = nullptr;
  size_ = 0;
}

Vma* VmaTree::last_with_gap(Vma* from, uint64_t length) const {
  for (Vma* at = from; at;) {
    if (gap_before(*at) >= length) return at;
    if (at->left && at->left->max_gap >= length) {
      at = at->left;
      while (at->right && at->right->max_gap >= length) at = at->right;
      continue;  // with it, and what is left of it
    }
    while (at->parent && at == at->parent->left) at = at->parent;
    at = at->parent;
  }
  return nullptr;
}

Vma* VmaTree::first_with_gap(Vma* from, uint64_t length) const {
  for (Vma* at = from; at;) {
    if (gap_before(*at) >= length) return at;
    if (at->right && at->right->max_gap >= length) {
      at = at->right;
      while (at->left && at->left->max_gap >= length) at = at->left;
      continue;
    }
    while (at->parent && at == at->parent->right) at = at->parent;
    at = at->parent;
  }
  return nullptr;
}

}  // namespace halcyon
