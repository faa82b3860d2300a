// Space: how much a file system in memory may hold, and holds: pages of files and of long symlinks, and inodes, among which further names
// of a file count as well (tmpfs(5): size, nr_inodes). Without limits until somebody sets them.
#pragma once

#include <atomic>

#include "core/mm/cache/page_budget.h"

namespace halcyon::fs {

class Space final : public PageBudget {
 public:
  // A number that may grow up to its limit.
  class Counter {
   public:
    uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }  // 0: none
    uint64_t used() const { return used_.load(std::memory_order_relaxed); }
    uint64_t left() const { return limit() > used() ? limit() - used() : 0; }
    void set_limit(uint64_t limit) { limit_.store(limit, std::memory_order_relaxed); }
    // As tmpfs: not to less than there is, and what had no limit gets none.
    bool may_become(uint64_t limit) const { return limit == 0 || (limit_ != 0 && used() <= limit); }
    Result<> take(uint64_t count) {
      uint64_t before = used_.fetch_add(count, std::memory_order_relaxed);
      if (uint64_t most = limit(); most == 0 || (count <= most && before <= most - count)) return {};
      give(count);
      return err::nospc;
    }
    void give(uint64_t count) { used_.fetch_sub(count, std::memory_order_relaxed); }

   private:
    std::atomic<uint64_t> limit_ = 0, used_ = 0;
  };

  Counter pages, inodes;

  Result<> take_pages(uint64_t count) override { return pages.take(count); }
  void give_pages(uint64_t count) override { pages.give(count); }
};

}  // namespace halcyon::fs
