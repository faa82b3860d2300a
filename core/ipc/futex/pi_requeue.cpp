// From a condition variable's word to its mutex, which has priority inheritance: FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI (futex(2)).
#include "core/base/lock_guard.h"
#include "core/ipc/futex/pi_futex.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

Result<> wait_requeue_pi_futex(Thread& self, UserAddr from, uint32_t expected, UserAddr to, bool is_private, Nanoseconds deadline) {
  AddressSpace& memory = self.memory();
  if ((from & 3) || (to & 3)) return err::inval;
  uint32_t value = TRY(load_user_word(memory, from));
  static_cast<void>(TRY(UserWord::pin(memory, to, hal::Access::write)));
  FutexWaiter waiter;
  waiter.key = TRY(memory.futex_key(from, is_private));
  PiTarget target{TRY(memory.futex_key(to, is_private)), PiWaiter(self)};
  if (waiter.key == target.key) return err::inval;
  if (value != expected) return err::again;
  waiter.thread = &self;
  waiter.target = &target;
  enlist_futex_waiter(self.kernel().futexes().bucket(waiter.key), waiter);
  PiFutexes& futexes = self.kernel().pi_futexes();
  auto now_value = load_user_word(memory, from);
  Result<> waited = !now_value ? std::unexpected(now_value.error()) : *now_value != expected ? err::again : Result<>();
  if (waited) waited = futexes.await(target.waiter, to, deadline, &waiter);
  else if (!futexes.withdraw(target.waiter, &waiter)) waited = futexes.await(target.waiter, to, never);
  // Once it was moved the call cannot be made again.
  if (!waited && waited.error() == Errno::intr && target.is_moved) return err::again;
  return waited;
}

namespace {

// The first waiter at `from`, under its bucket's lock; null if there is none. EINVAL if it does not wait to be moved to `to`.
Result<FutexWaiter*> first_to_move(FutexBucket& bucket, const AddressSpace::FutexKey& from, const AddressSpace::FutexKey& to)
    REQUIRES(bucket.lock) {
  for (FutexWaiter& waiter : bucket.waiters) {
    if (waiter.key != from) continue;
    if (!waiter.target || waiter.target->key != to) return err::inval;
    return &waiter;
  }
  return nullptr;
}

}  // namespace

Result<int> requeue_pi_futex(Thread& self, UserAddr from, UserAddr to, bool is_private, int requeue, uint32_t expected) {
  AddressSpace& memory = self.memory();
  if ((from & 3) || (to & 3) || requeue < 0) return err::inval;
  UserWord condition = TRY(UserWord::pin(memory, from, hal::Access::read));
  UserWord word = TRY(UserWord::pin(memory, to, hal::Access::write));
  auto from_key = TRY(memory.futex_key(from, is_private));
  auto to_key = TRY(memory.futex_key(to, is_private));
  if (from_key == to_key) return err::inval;
  PiFutexes& futexes = self.kernel().pi_futexes();
  FutexBucket& bucket = self.kernel().futexes().bucket(from_key);
  bool is_first = true;
  int done = 0;
  while (done <= requeue) {
    uint32_t seen = word->load();
    Ref<Thread> owner = find_futex_owner(self.kernel(), seen);
    LockGuard guard(futexes.lock());
    // The bucket's lock is not held during the attempt, which looks into buckets: the lock of all keeps the waiter where it is or
    // withdrawn.
    FutexWaiter* waiter;
    {
      LockGuard bucket_guard(bucket.lock);
      if (std::exchange(is_first, false) && condition->load() != expected) return err::again;
      waiter = TRY(first_to_move(bucket, from_key, to_key));
      if (!waiter) break;
    }
    PiTarget& target = *waiter->target;
    PiFutexes::Request request{to_key, *waiter->thread, seen, owner.get(), true};
    PiFutexes::Attempt attempt = TRY(futexes.attempt(request, word, &target.waiter));
    if (attempt == PiFutexes::Attempt::changed) continue;
    {
      LockGuard bucket_guard(bucket.lock);
      bucket.waiters.erase(bucket.waiters.iterator_to(*waiter));
      waiter->bucket.store(nullptr);
    }
    target.is_moved = true;
    ++done;
    if (attempt == PiFutexes::Attempt::taken) futexes.hand_over(target.waiter);
  }
  return done;
}

}  // namespace halcyon
