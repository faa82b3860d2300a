// PageBudget: who says how many pages a page cache without a source may hold: a file system in memory with a size.
#pragma once

#include <cstdint>

#include "core/base/result.h"

namespace halcyon {

class PageBudget {
 public:
  // Neither blocks nor takes a lock. ENOSPC.
  virtual Result<> take_pages(uint64_t count) = 0;
  virtual void give_pages(uint64_t count) = 0;

 protected:
  ~PageBudget() = default;
};

}  // namespace halcyon
