// Futexes (futex(2)): waiting for a word of user memory to change. Waiters hang in buckets by the word's key: address space and address, or page
// cache and offset for shared memory.
//
// Lock: one spin lock per bucket. The word is read before the bucket is locked and read again, without faulting, under no lock but in an order that
// cannot lose a wake: the waiter enlists first, then looks.
#pragma once

#include "core/mm/address_space.h"

namespace halcyon {

class Thread;

// FUTEX_WAIT, FUTEX_WAIT_BITSET: blocks while the word holds `expected`. EAGAIN if it does not, EFAULT, EINVAL (unaligned, mask 0), ETIMEDOUT,
// Errno::intr when interrupted. `deadline` is CLOCK_MONOTONIC.
Result<> wait_futex(Thread& self, UserAddr address, bool is_private, uint32_t expected, uint32_t mask, Nanoseconds deadline);
// FUTEX_WAKE, FUTEX_WAKE_BITSET: returns how many it woke.
Result<int> wake_futex(AddressSpace& memory, UserAddr address, bool is_private, int count, uint32_t mask);
// FUTEX_REQUEUE, FUTEX_CMP_REQUEUE (with `expected`): wakes up to `wake`, moves up to `requeue` to the other word; returns woken plus moved.
Result<int> requeue_futex(AddressSpace& memory, UserAddr from, UserAddr to, bool is_private, int wake, int requeue, const uint32_t* expected);
// FUTEX_WAKE_OP.
Result<int> wake_futex_op(AddressSpace& memory, UserAddr first, UserAddr second, bool is_private, int wake_first, int wake_second, uint32_t operation);

// A thread exits with robust mutexes held (set_robust_list(2)): marks them, wakes a waiter each.
void release_robust_futexes(Thread& self, UserAddr list);

}  // namespace halcyon
