// Leases (fcntl(2), "Leases"): whoever holds one on a regular file hears of it, by a signal, before somebody else opens or truncates the
// file in a way that conflicts; and that somebody waits until the holder has let go or made it weaker, or has had time enough for it. A
// lease belongs to a description and goes with it.
//
// All leases of a kernel are in one list, for there are few; an inode says whether it has any, the one thing that every open looks at.
// What has run out of time is dealt with by the next who looks.
//
// Lock: lock_ (rank device, a spin lock). Waiters wait on one queue and look again.
#pragma once

#include <atomic>

#include <boost/intrusive/list.hpp>

#include "core/base/annotations.h"
#include "core/base/own.h"
#include "core/file/inode.h"
#include "core/sync/spin_lock.h"
#include "core/sync/wait_queue.h"

namespace halcyon {

// `read`: nobody writes to the file; `write`: nobody else has it open. Numbered as F_RDLCK and so on.
enum class LeaseKind : uint8_t { read, write, none };

class Leases {
 public:
  Leases() = default;
  ~Leases();

  // F_SETLEASE: takes one of kind read or write through `fd`, or changes what the description holds. EAGAIN, EINVAL (leases_enable),
  // ENOMEM. The caller has looked at rights and type.
  Result<> set(File& file, Inode& inode, LeaseKind kind, int fd);
  // F_SETLEASE with F_UNLCK. EAGAIN if there is none.
  Result<> drop(const File& file);
  // F_GETLEASE: what it holds; while it is being broken, what it must come down to.
  LeaseKind kind(const File& file);
  // Somebody opens the inode with the flags of open(2), or truncates it. EWOULDBLOCK (as EAGAIN) with O_NONBLOCK; Errno::restart, ENOMEM.
  Result<> break_all(Inode& inode, uint32_t flags);
  // The description goes.
  void forget(const File& file);

  std::atomic<int> break_time{45};  // /proc/sys/fs/lease-break-time, in seconds; 0: for ever
  std::atomic<int> is_enabled{1};   // /proc/sys/fs/leases-enable

 private:
  struct Lease : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
    File* file = nullptr;
    Inode* inode = nullptr;
    LeaseKind kind = LeaseKind::read;
    int fd = -1;
    // Somebody breaks it: it must go, or become one to read, and does so by itself at that time.
    bool must_go = false, must_weaken = false;
    Nanoseconds goes_at = never, weakens_at = never;
  };
  static bool conflicts(const Lease& lease, bool writes) { return writes || lease.kind == LeaseKind::write; }
  static bool is_open_otherwise(const Inode& inode, const File& file, LeaseKind kind);
  // All under lock_.
  Result<> set_locked(File& file, Inode& inode, LeaseKind kind, int fd, Own<Lease> fresh) REQUIRES(lock_);
  Lease* find(const File& file) REQUIRES(lock_);
  void change(Lease& lease, LeaseKind kind) REQUIRES(lock_);
  void expire(const Inode& inode) REQUIRES(lock_);
  // Tells the next lease in the way that it is in the way, and returns its description; null when all know.
  Ref<File> begin_break(const Inode& inode, bool writes, int* fd) REQUIRES(lock_);
  // Whether leases are in the way, and when the next of them goes by itself.
  bool has_conflict(const Inode& inode, bool writes, Nanoseconds* until) REQUIRES(lock_);

  SpinLock lock_{Rank::device};
  boost::intrusive::list<Lease, boost::intrusive::constant_time_size<false>> leases_ GUARDED_BY(lock_);
  WaitQueue changed_;
};

Result<> break_leases_slowly(Inode& inode, uint32_t flags);

// After the caller has counted itself (InodeUse).
inline Result<> break_leases(Inode& inode, uint32_t flags) { return inode.has_leases() ? break_leases_slowly(inode, flags) : Result<>{}; }

}  // namespace halcyon
