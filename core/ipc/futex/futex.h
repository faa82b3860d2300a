// Futexes (futex(2)): waiting for a word of user memory to change. Waiters hang in buckets by the word's key: address space and address, or
// page cache and offset for shared memory.
//
// Lock: one spin lock per bucket. A waiter enlists first and then looks at the word, so that a wake in between finds it.
#pragma once

#include <array>
#include <atomic>

#include <boost/intrusive/list.hpp>

#include "core/base/annotations.h"
#include "core/mm/address_space.h"
#include "core/sync/spin_lock.h"

namespace halcyon {

class Thread;

struct FutexBucket;
struct PiTarget;

// One thread's wait, on its stack.
struct FutexWaiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
  AddressSpace::FutexKey key;  // under the bucket's lock, as is the membership
  uint32_t mask = ~0u;
  Thread* thread = nullptr;
  std::atomic<FutexBucket*> bucket{nullptr};  // null when not enlisted
  std::atomic<bool> is_moving{false};         // by a requeue, between two buckets
  std::atomic<bool> is_woken{false};
  PiTarget* target = nullptr;  // FUTEX_WAIT_REQUEUE_PI: the lock that it is to be moved to, and is woken only from there
};

struct FutexBucket {
  SpinLock lock{Rank::wait_queue};
  boost::intrusive::list<FutexWaiter, boost::intrusive::constant_time_size<false>> waiters GUARDED_BY(lock);
};

uint64_t futex_hash(const AddressSpace::FutexKey& key);

class FutexTable {
 public:
  FutexBucket& bucket(const AddressSpace::FutexKey& key) { return buckets_[futex_hash(key) % buckets_.size()]; }
  // Somebody waits for the word, and not for a lock in it.
  bool has_plain_waiters(const AddressSpace::FutexKey& key);

 private:
  std::array<FutexBucket, 256> buckets_;
};

void enlist_futex_waiter(FutexBucket& bucket, FutexWaiter& waiter);
// Ends a wait that nobody ended, also while a requeue moves it: is_woken says whether somebody did.
void withdraw_futex_waiter(FutexWaiter& waiter);

// FUTEX_WAIT, FUTEX_WAIT_BITSET: blocks while the word holds `expected`. EAGAIN if it does not, EFAULT, EINVAL (unaligned, mask 0),
// ETIMEDOUT, Errno::intr when interrupted. `deadline` is CLOCK_MONOTONIC.
Result<> wait_futex(Thread& self, UserAddr address, bool is_private, uint32_t expected, uint32_t mask, Nanoseconds deadline);
// FUTEX_WAKE, FUTEX_WAKE_BITSET: returns how many it woke. Here and below, EINVAL: the word is a lock with waiters, or is to become one.
Result<int> wake_futex(AddressSpace& memory, UserAddr address, bool is_private, int count, uint32_t mask);
// FUTEX_REQUEUE, FUTEX_CMP_REQUEUE (with `expected`): wakes up to `wake`, moves up to `requeue` to the other word; returns woken plus
// moved.
Result<int> requeue_futex(AddressSpace& memory, UserAddr from, UserAddr to, bool is_private, int wake, int requeue,
                          const uint32_t* expected);
// FUTEX_WAKE_OP.
Result<int> wake_futex_op(AddressSpace& memory, UserAddr first, UserAddr second, bool is_private, int wake_first, int wake_second,
                          uint32_t operation);

// A thread exits with robust mutexes held (set_robust_list(2)): marks them, wakes a waiter each.
void release_robust_futexes(Thread& self, UserAddr list);

}  // namespace halcyon
