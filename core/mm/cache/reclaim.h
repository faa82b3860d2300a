// Reclaimable: something that holds frames which it could fetch again, and gives them back when memory runs short: page caches above a
// source. ReclaimList: all of them, asked in turn.
//
// Lock: the list's spin lock (rank reclaim); reclaim is called with it held.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>

#include "core/base/annotations.h"
#include "core/sync/spin_lock.h"

namespace halcyon {

class Reclaimable : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>> {
 public:
  // Frees up to about `pages` frames, without blocking; returns how many.
  virtual size_t reclaim(size_t pages) = 0;

 protected:
  ~Reclaimable() = default;
};

class ReclaimList {
 public:
  void add(Reclaimable& one);
  void remove(Reclaimable& one);
  // Asks each once at most, starting behind the one that was asked last. The caller holds no spin lock of a higher rank.
  size_t reclaim(size_t pages);

 private:
  SpinLock lock_{Rank::reclaim};
  boost::intrusive::list<Reclaimable, boost::intrusive::constant_time_size<true>> list_ GUARDED_BY(lock_);
};

}  // namespace halcyon
