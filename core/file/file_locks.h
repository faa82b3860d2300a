// Advisory locks: flock(2) on whole files, owned by an open description, and record locks of fcntl(2), owned by a process or (F_OFD_*) a
// description. All locks of a kernel are in one table: there are few, and none at all for most files.
//
// Lock: lock_ (rank device, a spin lock). Waiters wait on one queue and look again.
#pragma once

#include <boost/intrusive/list.hpp>

#include "core/base/annotations.h"
#include "core/base/own.h"
#include "core/file/file.h"
#include "core/sync/spin_lock.h"
#include "core/sync/wait_queue.h"

namespace halcyon {

enum class LockKind : uint8_t { shared, exclusive, unlock };

struct LockRange {
  uint64_t start = 0;
  uint64_t end = to_the_end;  // last byte
  static constexpr uint64_t to_the_end = INT64_MAX;
  bool overlaps(const LockRange& other) const { return start <= other.end && other.start <= end; }
};

// Who holds a lock. `description` for flock and F_OFD locks, `pid` for the others.
struct LockOwner {
  const File* description = nullptr;
  int pid = 0;
  bool operator==(const LockOwner&) const = default;
};

class FileLocks {
 public:
  FileLocks() = default;
  ~FileLocks();

  // flock(2). EWOULDBLOCK (as EAGAIN), EINTR as Errno::restart, ENOLCK.
  Result<> flock(File& file, LockKind kind, bool waits);

  // F_SETLK, F_SETLKW. EAGAIN, EDEADLK, ENOLCK; Errno::restart.
  Result<> set(File& file, LockOwner owner, LockKind kind, LockRange range, bool waits);
  // F_GETLK: the first lock in the way, if any.
  struct Found {
    LockKind kind = LockKind::unlock;
    LockRange range;
    int pid = 0;  // -1 for a description's
  };
  Found test(File& file, LockOwner owner, LockKind kind, LockRange range);

  bool has_any() const { return count_.load(std::memory_order_acquire) != 0; }
  // A process closed a descriptor of the file, or exits (file null): its record locks go.
  void drop_process(int pid, File* file);
  // A description goes.
  void drop_description(const File& file);

 private:
  struct Lock : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
    const void* object = nullptr;  // the inode
    bool is_flock = false;
    LockKind kind = LockKind::shared;
    LockOwner owner;
    LockRange range;
  };
  // A process that waits for another's record lock, for finding cycles.
  struct Waiting : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
    int pid = 0;
    int for_pid = 0;
    bool is_enlisted = false;
  };
  Lock* conflict(const void* object, bool is_flock, LockOwner owner, LockKind kind, LockRange range) REQUIRES(lock_);
  LockRange joined(const void* object, LockOwner owner, LockKind kind, LockRange range) REQUIRES(lock_);
  void insert(Own<Lock> lock) REQUIRES(lock_);
  void carve(const void* object, bool is_flock, LockOwner owner, LockRange range, Own<Lock>& spare, const Lock* except = nullptr)
      REQUIRES(lock_);
  Result<> take(File& file, bool is_flock, LockOwner owner, LockKind kind, LockRange range, bool waits);
  bool would_deadlock(int pid, int for_pid) REQUIRES(lock_);
  void stop_waiting(Waiting& waiting) REQUIRES(lock_);
  template <class Matches>
  void drop_if(Matches matches);

  SpinLock lock_{Rank::device};
  // Under lock_. An owner's locks of one object come in the order of their ranges, and owners in that of their first lock: a test finds the
  // first in the way.
  boost::intrusive::list<Lock, boost::intrusive::constant_time_size<false>> locks_ GUARDED_BY(lock_);
  boost::intrusive::list<Waiting, boost::intrusive::constant_time_size<false>> waiting_ GUARDED_BY(lock_);
  std::atomic<unsigned> count_{0};
  WaitQueue released_;
};

}  // namespace halcyon
