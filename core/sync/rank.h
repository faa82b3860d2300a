// Lock ranks: a CPU takes locks only in rising rank. Checked when HALCYON_CHECKS is defined; otherwise the checks compile to nothing.
#pragma once

#include <cstdint>

namespace halcyon {

enum class Rank : uint8_t {
  process_tree,
  timer_states,
  signals,
  signal_actions,
  fd_table,
  epoll,       // what epoll files watch
  fs_context,  // root and working directory
  filesystem,  // mounts, dentries, rename
  inode,
  device,  // contents of pipes, ttys and other files that are no inodes
  address_space,
  reclaim,
  page_cache,
  pi_futex,
  wait_queue,
  epoll_queue,  // announcements among epoll files, which watch each other without cycles: locks of this rank nest
  timers,
  run_queue,
  heap,
  frames,
  hal,
};

// Spin locks count per CPU, mutexes per thread (a thread may block, and move, with a mutex held).
#ifdef HALCYON_CHECKS
void rank_acquired(Rank rank, bool is_mutex);
void rank_released(Rank rank, bool is_mutex);
// Panics if this CPU holds a spin lock: before anything that may block or touch user memory.
void assert_no_spin_lock();
#else
inline void rank_acquired(Rank, bool) {}
inline void rank_released(Rank, bool) {}
inline void assert_no_spin_lock() {}
#endif

}  // namespace halcyon
