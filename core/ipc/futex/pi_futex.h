// Priority-inheritance futexes (futex(2), "Priority-inheritance futexes"): the word holds the id of the thread that owns the lock, and user
// code takes and gives back a lock that nobody else wants by itself. Once there are waiters the kernel hands the lock from owner to owner,
// in the order in which they came: no thread has a real-time priority, so there is none to inherit.
//
// A PiLock is what the kernel knows of a lock with waiters. When its owner ends, the first waiter inherits the lock, and the PiLock stays
// until it has entered its id into the word, which may be mapped in its own address space only.
//
// Lock: one for all (rank pi_futex), taken before a bucket's. The word is pinned before, and changed under it. A thread that waits to be
// moved to a lock leaves its bucket only under it.
#pragma once

#include <array>
#include <atomic>

#include <boost/intrusive/list.hpp>

#include "core/base/annotations.h"
#include "core/ipc/futex/futex.h"
#include "core/mm/user_memory.h"

namespace halcyon {

class Kernel;
struct PiLock;

// One thread's wait, on its stack.
struct PiWaiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
  enum class State : uint8_t {
    apart,    // of no lock, or not yet (FUTEX_WAIT_REQUEUE_PI)
    waiting,  // in a lock's list
    owner,    // the lock is the thread's, and the word says so
    heir,     // the lock is the thread's, but the word does not say so
  };
  explicit PiWaiter(Thread& who) : thread(&who) {}
  Thread* thread;
  PiLock* lock = nullptr;                   // while waiting, and of an heir
  std::atomic<State> state = State::apart;  // changed under the lock of all
};

// Where a thread in FUTEX_WAIT_REQUEUE_PI is to be moved.
struct PiTarget {
  AddressSpace::FutexKey key;
  PiWaiter waiter;
  bool is_moved = false;
};

struct PiLock : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
  AddressSpace::FutexKey key;
  Thread* owner;              // which ends this when it exits
  bool is_inherited = false;  // the owner has yet to enter its id
  boost::intrusive::list<PiWaiter, boost::intrusive::constant_time_size<false>> waiters;
};

class PiFutexes {
 public:
  // How an attempt to lock went.
  enum class Attempt : uint8_t { taken, waits, changed };
  // What an attempt needs to know before it takes the lock.
  struct Request {
    AddressSpace::FutexKey key;
    Thread& taker;
    uint32_t seen;  // in the word
    Thread* owner;  // the thread with the id in there; null if there is none
    bool keeps_waiters_bit = false;
  };

  SpinLock& lock() RETURN_CAPABILITY(lock_) { return lock_; }
  bool has_waiters(const AddressSpace::FutexKey& key);

  // Under lock(). Takes the lock for the request's thread, or, if it has an owner, enlists `waiter`; EAGAIN if `waiter` is null. `changed`:
  // the word is not what was seen. EDEADLK, EINVAL (the word and the kernel disagree), ESRCH, EPERM (the owner is none of user code),
  // ENOMEM.
  Result<Attempt> attempt(const Request& request, UserWord& word, PiWaiter* waiter) REQUIRES(lock_);
  // Under lock(). Gives a lock of `owner` to whom it is due, or nobody. EINVAL; EPERM: it is not that thread's; Errno::again: once more.
  Result<> give_up(const AddressSpace::FutexKey& key, Thread& owner, UserWord& word) REQUIRES(lock_);
  // Under lock(): the word names the waiter's thread. It may be gone at once.
  static void hand_over(PiWaiter& waiter);
  // Blocks until the lock, whose word is at `address` of the caller's memory, is the waiter's. ETIMEDOUT, Errno::intr: it waits no more.
  // `plain`: where it waits to be moved to the lock.
  Result<> await(PiWaiter& waiter, UserAddr address, Nanoseconds deadline, FutexWaiter* plain = nullptr);
  // The waiter does not wait any more; false if the lock has become its own.
  bool withdraw(PiWaiter& waiter, FutexWaiter* plain = nullptr);
  // The thread ends, or executes another program: its locks go to their first waiters.
  void release_all(Thread& owner);

 private:
  PiLock* find(const AddressSpace::FutexKey& key) REQUIRES(lock_);
  Result<PiLock*> add(const AddressSpace::FutexKey& key, Thread& owner) REQUIRES(lock_);
  void remove_if_unused(PiLock& lock) REQUIRES(lock_);
  Result<> enter_id(PiWaiter& heir, UserAddr address);
  static bool would_deadlock(const PiLock& lock, const Thread& taker);

  SpinLock lock_{Rank::pi_futex};
  std::atomic<unsigned> count_ = 0;  // of locks; changes under lock_
  std::array<boost::intrusive::list<PiLock, boost::intrusive::constant_time_size<false>>, 64> locks_ GUARDED_BY(lock_);
};

namespace futex_word {
inline constexpr uint32_t waiters = 0x8000'0000, owner_died = 0x4000'0000, tid_mask = 0x3fff'ffff;
}

// The thread that such a word names; null if there is none. Takes the process tree's lock.
Ref<Thread> find_futex_owner(Kernel& kernel, uint32_t word);

// FUTEX_LOCK_PI, FUTEX_LOCK_PI2. `deadline` is CLOCK_MONOTONIC. ETIMEDOUT, Errno::intr, and what PiFutexes::attempt says; EFAULT.
Result<> lock_pi_futex(Thread& self, UserAddr address, bool is_private, Nanoseconds deadline);
// FUTEX_TRYLOCK_PI. EAGAIN if it has an owner.
Result<> try_lock_pi_futex(Thread& self, UserAddr address, bool is_private);
// FUTEX_UNLOCK_PI. EPERM, EINVAL, EFAULT.
Result<> unlock_pi_futex(Thread& self, UserAddr address, bool is_private);
// FUTEX_WAIT_REQUEUE_PI: waits at `from` while it holds `expected`, to be moved to the lock `to`, and returns as its owner. EAGAIN, EINVAL,
// EFAULT, ETIMEDOUT; Errno::intr only as long as it was not moved, EAGAIN afterwards.
Result<> wait_requeue_pi_futex(Thread& self, UserAddr from, uint32_t expected, UserAddr to, bool is_private, Nanoseconds deadline);
// FUTEX_CMP_REQUEUE_PI: gives the lock `to` to the first waiter at `from` if it is free, and moves up to `requeue` others there; returns
// how many were woken or moved.
Result<int> requeue_pi_futex(Thread& self, UserAddr from, UserAddr to, bool is_private, int requeue, uint32_t expected);

}  // namespace halcyon
