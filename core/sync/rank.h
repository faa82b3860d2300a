// Lock ranks: a CPU takes locks only in rising rank. Checked when HALCYON_CHECKS is defined; otherwise the checks compile to nothing.
#pragma once

#include <cstdint>

namespace halcyon {

enum class Rank : uint8_t {
  open_file,  // what an open description keeps for all who share it: offset, text
  process_tree,
  timer_states,
  signals,
  signal_actions,
  fd_table,
  epoll,       // what epoll files watch
  fs_context,  // root and working directory
  filesystem,  // mounts, dentries, rename
  inode,
  pipe,
  device,  // contents of ttys and other files that are no inodes; disks, the host's files: where pages come from
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
// Panics if this CPU holds a spin lock: before anything that may block.
void assert_no_spin_lock();
// Panics if something is locked that a page fault may want, or that must not wait for one: before user memory is touched (docs/design.md).
void assert_may_touch_user_memory();
#else
inline void rank_acquired(Rank, bool) {}
inline void rank_released(Rank, bool) {}
inline void assert_no_spin_lock() {}
inline void assert_may_touch_user_memory() {}
#endif

}  // namespace halcyon
