#include "core/ipc/futex/futex.h"

#include <algorithm>

#include "core/base/lock_guard.h"
#include "core/ipc/futex/pi_futex.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

uint64_t futex_hash(const AddressSpace::FutexKey& key) {
  uint64_t hash = (std::bit_cast<uint64_t>(key.object) >> 5) ^ (key.offset >> 2);
  return hash * 0x9e37'79b9'7f4a'7c15 >> 56;
}

bool FutexTable::has_plain_waiters(const AddressSpace::FutexKey& key) {
  FutexBucket& its = bucket(key);
  LockGuard guard(its.lock);
  return std::ranges::any_of(its.waiters, [&](const FutexWaiter& waiter) { return waiter.key == key; });
}

void enlist_futex_waiter(FutexBucket& bucket, FutexWaiter& waiter) {
  LockGuard guard(bucket.lock);
  waiter.bucket.store(&bucket);
  bucket.waiters.push_back(waiter);
}

// A requeue may move the waiter meanwhile: then it is in no bucket for a moment.
void withdraw_futex_waiter(FutexWaiter& waiter) {
  for (;;) {
    FutexBucket* bucket = waiter.bucket.load();
    if (!bucket) {
      if (waiter.is_moving.load()) hal::spin_pause();
      else if (!waiter.bucket.load()) return;
      continue;
    }
    LockGuard guard(bucket->lock);
    if (waiter.bucket.load() != bucket) continue;
    bucket->waiters.erase(bucket->waiters.iterator_to(waiter));
    waiter.bucket.store(nullptr);
    return;
  }
}

namespace {

// Under the bucket's lock. The waiter may be gone as soon as is_woken is set, so its thread is read before.
void wake_one(FutexBucket& bucket, FutexWaiter& waiter) REQUIRES(bucket.lock) {
  bucket.waiters.erase(bucket.waiters.iterator_to(waiter));
  Ref<Thread> thread(*waiter.thread);
  waiter.bucket.store(nullptr);
  waiter.is_woken.store(true, std::memory_order_release);
  thread->wake();
}

// EINVAL: one waits for a lock (PiTarget).
Result<int> wake_in(FutexBucket& bucket, const AddressSpace::FutexKey& key, int count, uint32_t mask) REQUIRES(bucket.lock) {
  int woken = 0;
  for (auto it = bucket.waiters.begin(); it != bucket.waiters.end() && woken < count;) {
    FutexWaiter& waiter = *it++;
    if (waiter.key != key) continue;
    if (waiter.target) return err::inval;
    if (!(waiter.mask & mask)) continue;
    wake_one(bucket, waiter);
    ++woken;
  }
  return woken;
}

// A shared word is one that is there: EFAULT otherwise. A private one is its address, whatever is behind it.
Result<AddressSpace::FutexKey> key_of(AddressSpace& memory, UserAddr address, bool is_private) {
  if (!memory.is_valid_range(address, 4)) return err::fault;
  if (!is_private && !load_user_word(memory, address)) return err::fault;
  return memory.futex_key(address, is_private);
}

}  // namespace

Result<> wait_futex(Thread& self, UserAddr address, bool is_private, uint32_t expected, uint32_t mask, Nanoseconds deadline) {
  if (mask == 0 || (address & 3)) return err::inval;
  AddressSpace& memory = self.memory();
  // A shared word must be present for its key; reading it first also makes a bad address fail before anything is enlisted.
  uint32_t value = TRY(load_user_word(memory, address));
  if (value != expected) return err::again;
  FutexWaiter waiter;
  waiter.key = TRY(memory.futex_key(address, is_private));
  waiter.mask = mask;
  waiter.thread = &self;
  enlist_futex_waiter(self.kernel().futexes().bucket(waiter.key), waiter);
  auto now_value = load_user_word(memory, address);
  if (!now_value || *now_value != expected) {
    withdraw_futex_waiter(waiter);
    if (waiter.is_woken.load(std::memory_order_acquire)) return {};
    return now_value ? Result<>(err::again) : std::unexpected(now_value.error());
  }
  for (;;) {
    prepare_to_park();
    if (waiter.is_woken.load(std::memory_order_acquire)) {
      cancel_park();
      return {};
    }
    auto parked = park(deadline, Interruptible::yes);
    if (waiter.is_woken.load(std::memory_order_acquire)) return {};
    if (parked) continue;
    withdraw_futex_waiter(waiter);
    if (waiter.is_woken.load(std::memory_order_acquire)) return {};
    return parked;
  }
}

Result<int> wake_futex(AddressSpace& memory, UserAddr address, bool is_private, int count, uint32_t mask) {
  if (mask == 0 || (address & 3)) return err::inval;
  auto key = TRY(key_of(memory, address, is_private));
  if (kernel().pi_futexes().has_waiters(key)) return err::inval;
  FutexBucket& bucket = kernel().futexes().bucket(key);
  LockGuard guard(bucket.lock);
  return wake_in(bucket, key, count, mask);
}

Result<int> requeue_futex(AddressSpace& memory, UserAddr from, UserAddr to, bool is_private, int wake, int requeue,
                          const uint32_t* expected) {
  if ((from & 3) || (to & 3) || wake < 0 || requeue < 0) return err::inval;
  auto from_key = TRY(key_of(memory, from, is_private));
  auto to_key = TRY(key_of(memory, to, is_private));
  UserWord word = TRY(UserWord::pin(memory, from, hal::Access::read));
  FutexBucket& first = kernel().futexes().bucket(from_key);
  FutexBucket& second = kernel().futexes().bucket(to_key);
  int done = 0;
  {
    LockGuard guard(first.lock);
    if (expected && word->load() != *expected) return err::again;
    done = TRY(wake_in(first, from_key, wake, ~0u));
  }
  // One waiter at a time and one lock at a time: between its two buckets a waiter is in neither, and withdraw spins until it is in one.
  for (int moved = 0; moved < requeue; ++moved) {
    FutexWaiter* found = nullptr;
    {
      LockGuard guard(first.lock);
      for (FutexWaiter& waiter : first.waiters) {
        if (waiter.key != from_key) continue;
        found = &waiter;
        break;
      }
      if (!found) break;
      if (found->target) return err::inval;
      first.waiters.erase(first.waiters.iterator_to(*found));
      found->key = to_key;
      found->is_moving.store(true);
      found->bucket.store(nullptr);
    }
    enlist_futex_waiter(second, *found);
    found->is_moving.store(false);
    ++done;
  }
  return done;
}

Result<int> wake_futex_op(AddressSpace& memory, UserAddr first, UserAddr second, bool is_private, int wake_first, int wake_second,
                          uint32_t operation) {
  uint32_t kind = operation >> 28 & 0xf;
  uint32_t comparison = operation >> 24 & 0xf;
  auto sign_extend = [](uint32_t value) { return static_cast<int32_t>(value << 20) >> 20; };
  int32_t operand = sign_extend(operation >> 12 & 0xfff);
  int32_t compared = sign_extend(operation & 0xfff);
  if (kind & 8) operand = static_cast<int32_t>(1u << (operand & 31));
  uint32_t old = TRY(load_user_word(memory, second));
  for (;;) {
    uint32_t value;
    switch (kind & 7) {
      case 0: value = static_cast<uint32_t>(operand); break;
      case 1: value = old + static_cast<uint32_t>(operand); break;
      case 2: value = old | static_cast<uint32_t>(operand); break;
      case 3: value = old & ~static_cast<uint32_t>(operand); break;
      case 4: value = old ^ static_cast<uint32_t>(operand); break;
      default: return err::nosys;
    }
    bool stored = TRY(compare_exchange_user_word(memory, second, &old, value));
    if (stored) break;
  }
  auto signed_old = static_cast<int32_t>(old);
  bool holds;
  switch (comparison) {
    case 0: holds = signed_old == compared; break;
    case 1: holds = signed_old != compared; break;
    case 2: holds = signed_old < compared; break;
    case 3: holds = signed_old <= compared; break;
    case 4: holds = signed_old > compared; break;
    case 5: holds = signed_old >= compared; break;
    default: return err::nosys;
  }
  int woken = TRY(wake_futex(memory, first, is_private, wake_first, ~0u));
  if (!holds) return woken;
  int more = TRY(wake_futex(memory, second, is_private, wake_second, ~0u));
  return woken + more;
}

}  // namespace halcyon
