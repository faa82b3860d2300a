#include "core/sync/rank.h"

#ifdef HALCYON_CHECKS

#include "core/base/assert.h"
#include "core/task/schedule/per_cpu.h"
#include "core/task/thread.h"

namespace halcyon {

namespace {

uint32_t bit(Rank rank) { return 1u << static_cast<unsigned>(rank); }

}  // namespace

// A mutex may be taken while mutexes of the same rank are held (parent and child inode, parent's and child's address space): their callers
// order them. Spin locks of one rank never nest, but for those of epoll files.
void rank_acquired(Rank rank, bool is_mutex) {
  PerCpu& cpu = per_cpu();
  uint32_t not_below = ~(bit(rank) - 1);
  bool is_nested = rank == Rank::epoll_queue && cpu.epoll_depth++ > 0;
  ASSERT((cpu.spin_ranks & not_below & ~(is_nested ? bit(rank) : 0)) == 0);
  if (!is_mutex) {
    cpu.spin_ranks |= bit(rank);
    return;
  }
  ASSERT(cpu.spin_ranks == 0);
  if (!cpu.current) return;
  uint32_t above = not_below & ~bit(rank);
  ASSERT((cpu.current->mutex_ranks & above) == 0);
  cpu.current->mutex_counts[static_cast<unsigned>(rank)]++;
  cpu.current->mutex_ranks |= bit(rank);
}

void rank_released(Rank rank, bool is_mutex) {
  PerCpu& cpu = per_cpu();
  if (!is_mutex) {
    if (rank == Rank::epoll_queue && --cpu.epoll_depth > 0) return;
    cpu.spin_ranks &= ~bit(rank);
    return;
  }
  if (!cpu.current) return;
  if (--cpu.current->mutex_counts[static_cast<unsigned>(rank)] == 0) cpu.current->mutex_ranks &= ~bit(rank);
}

void assert_no_spin_lock() { ASSERT(per_cpu().spin_ranks == 0); }

void assert_may_touch_user_memory() {
  constexpr Rank permitted[] = {Rank::open_file, Rank::epoll, Rank::inode, Rank::pipe};
  PerCpu& cpu = per_cpu();
  ASSERT(cpu.spin_ranks == 0);
  if (!cpu.current) return;
  uint32_t others = cpu.current->mutex_ranks;
  for (Rank rank : permitted) others &= ~bit(rank);
  ASSERT(others == 0);
}

}  // namespace halcyon

#endif
