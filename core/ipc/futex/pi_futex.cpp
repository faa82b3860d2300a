#include "core/ipc/futex/pi_futex.h"

#include "core/base/lock_guard.h"
#include "core/base/own.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

using namespace futex_word;

PiLock* PiFutexes::find(const AddressSpace::FutexKey& key) {
  for (PiLock& lock : locks_[futex_hash(key) % locks_.size()])
    if (lock.key == key) return &lock;
  return nullptr;
}

bool PiFutexes::has_waiters(const AddressSpace::FutexKey& key) {
  if (count_.load(std::memory_order_relaxed) == 0) return false;
  LockGuard guard(lock_);
  return find(key) != nullptr;
}

// An owner that ends looks at the count after it has said so, and this at what it said after it has counted: one of the two notices.
Result<PiLock*> PiFutexes::add(const AddressSpace::FutexKey& key, Thread& owner) {
  Own<PiLock> lock = TRY(make<PiLock>());
  count_.fetch_add(1, std::memory_order_seq_cst);
  if (owner.has_left_pi_futexes.load(std::memory_order_seq_cst)) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return err::srch;
  }
  lock->key = key;
  lock->owner = &owner;
  PiLock* added = lock.release();
  locks_[futex_hash(key) % locks_.size()].push_back(*added);
  return added;
}

void PiFutexes::remove_if_unused(PiLock& lock) {
  if (!lock.waiters.empty() || lock.is_inherited) return;
  auto& list = locks_[futex_hash(lock.key) % locks_.size()];
  list.erase(list.iterator_to(lock));
  count_.fetch_sub(1, std::memory_order_relaxed);
  Own<PiLock>(&lock).reset();
}

// Whether the lock's owner waits, perhaps by way of others, for a lock of the taker's.
bool PiFutexes::would_deadlock(const PiLock& lock, const Thread& taker) {
  for (const PiLock* at = &lock; at; at = at->owner->pi_wait ? at->owner->pi_wait->lock : nullptr)
    if (at->owner == &taker) return true;
  return false;
}

Result<PiFutexes::Attempt> PiFutexes::attempt(const Request& request, UserWord& word, PiWaiter* waiter) {
  uint32_t value = word->load();
  if (value != request.seen) return Attempt::changed;
  uint32_t holder = value & tid_mask;
  PiLock* lock = find(request.key);
  if (!lock && kernel().futexes().has_plain_waiters(request.key)) return err::inval;
  if (!lock && holder == 0) {
    uint32_t taken = (value & owner_died) | static_cast<uint32_t>(request.taker.tid()) | (request.keeps_waiters_bit ? waiters : 0);
    return word->compare_exchange_strong(value, taken) ? Attempt::taken : Attempt::changed;
  }
  if (lock && !lock->is_inherited && holder != static_cast<uint32_t>(lock->owner->tid()) && !(holder == 0 && (value & owner_died)))
    return err::inval;
  if (lock ? would_deadlock(*lock, request.taker) : holder == static_cast<uint32_t>(request.taker.tid())) return err::deadlk;
  if (!lock && (!request.owner || request.owner->has_left_pi_futexes.load(std::memory_order_seq_cst))) return err::srch;
  if (!lock && !request.owner->has_memory()) return err::perm;
  if (!(value & waiters) && !word->compare_exchange_strong(value, value | waiters)) return Attempt::changed;
  if (!waiter) return err::again;
  if (!lock) {
    lock = TRY(add(request.key, *request.owner));
    if (would_deadlock(*lock, request.taker)) {
      remove_if_unused(*lock);
      return err::deadlk;
    }
  }
  waiter->lock = lock;
  lock->waiters.push_back(*waiter);
  request.taker.pi_wait = waiter;
  waiter->state.store(PiWaiter::State::waiting, std::memory_order_release);
  return Attempt::waits;
}

namespace {

// The first waiter, which is to own the lock, out of its list.
PiWaiter& take_first(PiLock& lock) {
  PiWaiter& first = lock.waiters.front();
  lock.waiters.pop_front();
  lock.owner = first.thread;
  first.thread->pi_wait = nullptr;
  return first;
}

// It may be gone at once.
void wake_as(PiWaiter& waiter, PiWaiter::State state) {
  Ref<Thread> thread(*waiter.thread);
  waiter.state.store(state, std::memory_order_release);
  thread->wake();
}

bool has_lock(const PiWaiter& waiter) {
  auto state = waiter.state.load(std::memory_order_acquire);
  return state == PiWaiter::State::owner || state == PiWaiter::State::heir;
}

}  // namespace

Result<> PiFutexes::give_up(const AddressSpace::FutexKey& key, Thread& owner, UserWord& word) {
  PiLock* lock = find(key);
  uint32_t value = word->load();
  if ((value & tid_mask) != static_cast<uint32_t>(owner.tid())) return err::perm;
  if (!lock) {
    if (kernel().futexes().has_plain_waiters(key)) return err::inval;
    return word->compare_exchange_strong(value, 0) ? Result<>() : err::again;
  }
  if (lock->owner != &owner) return err::inval;
  if (!word->compare_exchange_strong(value, waiters | static_cast<uint32_t>(lock->waiters.front().thread->tid()))) return err::again;
  PiWaiter& next = take_first(*lock);
  next.lock = nullptr;
  remove_if_unused(*lock);
  hand_over(next);
  return {};
}

void PiFutexes::release_all(Thread& owner) {
  owner.has_left_pi_futexes.store(true, std::memory_order_seq_cst);
  if (count_.load(std::memory_order_seq_cst) == 0) return;
  LockGuard guard(lock_);
  for (auto& list : locks_)
    for (PiLock& lock : list) {
      // One that was inherited and not entered yet has no waiters, perhaps.
      if (lock.owner != &owner || lock.waiters.empty()) continue;
      lock.is_inherited = true;
      wake_as(take_first(lock), PiWaiter::State::heir);
    }
}

void PiFutexes::hand_over(PiWaiter& waiter) { wake_as(waiter, PiWaiter::State::owner); }

Result<> PiFutexes::await(PiWaiter& waiter, UserAddr address, Nanoseconds deadline, FutexWaiter* plain) {
  while (!has_lock(waiter)) {
    prepare_to_park();
    if (has_lock(waiter)) {
      cancel_park();
      break;
    }
    auto parked = park(deadline, Interruptible::yes);
    if (!parked && withdraw(waiter, plain)) return parked;
  }
  return waiter.state.load(std::memory_order_acquire) == PiWaiter::State::heir ? enter_id(waiter, address) : Result<>();
}

bool PiFutexes::withdraw(PiWaiter& waiter, FutexWaiter* plain) {
  LockGuard guard(lock_);
  if (has_lock(waiter)) return false;
  if (waiter.state.load(std::memory_order_relaxed) == PiWaiter::State::waiting) {
    waiter.lock->waiters.erase(waiter.lock->waiters.iterator_to(waiter));
    waiter.thread->pi_wait = nullptr;
    remove_if_unused(*waiter.lock);
    waiter.state.store(PiWaiter::State::apart, std::memory_order_relaxed);
  } else if (plain) {
    withdraw_futex_waiter(*plain);
  }
  return true;
}

// As Linux does it, the new owner also says that the old one died without giving the lock up.
Result<> PiFutexes::enter_id(PiWaiter& heir, UserAddr address) {
  auto word = UserWord::pin(heir.thread->memory(), address, hal::Access::write);
  LockGuard guard(lock_);
  if (word) (*word)->store(static_cast<uint32_t>(heir.thread->tid()) | waiters | owner_died);
  heir.lock->is_inherited = false;
  remove_if_unused(*heir.lock);
  return word ? Result<>() : std::unexpected(word.error());
}

Ref<Thread> find_futex_owner(Kernel& kernel, uint32_t word) {
  if ((word & tid_mask) == 0) return nullptr;
  LockGuard guard(kernel.tree());
  Thread* owner = kernel.find_thread(static_cast<int>(word & tid_mask));
  return owner ? Ref<Thread>(*owner) : nullptr;
}

namespace {

// Makes attempts until the word has not changed meanwhile. `waiter` as for PiFutexes::attempt.
Result<PiFutexes::Attempt> try_until_unchanged(Thread& self, UserAddr address, bool is_private, PiWaiter* waiter) {
  AddressSpace& memory = self.memory();
  PiFutexes& futexes = self.kernel().pi_futexes();
  for (;;) {
    UserWord word = TRY(UserWord::pin(memory, address, hal::Access::write));
    auto key = TRY(memory.futex_key(address, is_private));
    uint32_t seen = word->load();
    Ref<Thread> owner = find_futex_owner(self.kernel(), seen);
    PiFutexes::Request request{key, self, seen, owner.get()};
    Result<PiFutexes::Attempt> attempt = PiFutexes::Attempt::changed;
    {
      LockGuard guard(futexes.lock());
      attempt = futexes.attempt(request, word, waiter);
    }
    if (!attempt || *attempt != PiFutexes::Attempt::changed) return attempt;
  }
}

}  // namespace

Result<> lock_pi_futex(Thread& self, UserAddr address, bool is_private, Nanoseconds deadline) {
  PiFutexes& futexes = self.kernel().pi_futexes();
  PiWaiter waiter(self);
  auto attempt = TRY(try_until_unchanged(self, address, is_private, &waiter));
  if (attempt == PiFutexes::Attempt::taken) return {};
  return futexes.await(waiter, address, deadline);
}

Result<> try_lock_pi_futex(Thread& self, UserAddr address, bool is_private) {
  static_cast<void>(TRY(try_until_unchanged(self, address, is_private, nullptr)));
  return {};
}

Result<> unlock_pi_futex(Thread& self, UserAddr address, bool is_private) {
  PiFutexes& futexes = self.kernel().pi_futexes();
  UserWord word = TRY(UserWord::pin(self.memory(), address, hal::Access::write));
  auto key = TRY(self.memory().futex_key(address, is_private));
  for (;;) {
    LockGuard guard(futexes.lock());
    auto given = futexes.give_up(key, self, word);
    if (given || given.error() != Errno::again) return given;
  }
}

}  // namespace halcyon
