#include "core/mm/cache/reclaim.h"

#include "core/base/lock_guard.h"

namespace halcyon {

void ReclaimList::add(Reclaimable& one) {
  LockGuard guard(lock_);
  list_.push_back(one);
}

void ReclaimList::remove(Reclaimable& one) {
  LockGuard guard(lock_);
  list_.erase(list_.iterator_to(one));
}

size_t ReclaimList::reclaim(size_t pages) {
  size_t freed = 0;
  LockGuard guard(lock_);
  for (size_t left = list_.size(); left > 0 && freed < pages; --left) {
    Reclaimable& one = list_.front();
    freed += one.reclaim(pages - freed);
    list_.splice(list_.end(), list_, list_.begin());
  }
  return freed;
}

}  // namespace halcyon
