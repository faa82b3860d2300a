// futex(2) and the robust list.
#include "core/ipc/futex/pi_futex.h"

#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"
#include "syscalls/process/futex.h"

namespace halcyon {

namespace {

constexpr uint32_t wait = 0, wake = 1, requeue = 3, cmp_requeue = 4, wake_op = 5, lock_pi = 6, unlock_pi = 7, try_lock_pi = 8,
                   wait_bitset = 9, wake_bitset = 10, wait_requeue_pi = 11, cmp_requeue_pi = 12, lock_pi2 = 13;
constexpr uint32_t command_mask = 0x7f, private_flag = 128, clock_realtime = 256;

// `absolute`: a point of the clock that the flag names; otherwise a length from now.
Result<Nanoseconds> get_deadline(Thread& self, UserAddr timeout, bool absolute, bool realtime) {
  if (!timeout) return never;
  Timespec time = TRY(get_user(self.memory(), UserPtr<const Timespec>(timeout)));
  if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= 1'000'000'000) return err::inval;
  Nanoseconds total;
  if (__builtin_mul_overflow(time.seconds, 1'000'000'000, &total) || __builtin_add_overflow(total, time.nanoseconds, &total))
    return never - 1;
  Clock& clock = self.kernel().clock();
  if (absolute) return realtime ? clock.realtime_to_monotonic(total) : total;
  if (__builtin_add_overflow(total, clock.monotonic(), &total)) return never - 1;
  return total;
}

Result<uint64_t> wait_until(Thread& self, UserAddr word, bool is_private, uint32_t value, uint32_t mask, Nanoseconds deadline) {
  auto waited = wait_futex(self, word, is_private, value, mask, deadline);
  if (waited) return 0;
  if (waited.error() != Errno::intr) return std::unexpected(waited.error());
  if (deadline == never) return err::restart;
  // Restarted with the same deadline, not the same length.
  RestartBlock& block = self.restart_block();
  block.kind = RestartBlock::Kind::futex;
  block.deadline = deadline;
  block.arguments[0] = word;
  block.arguments[1] = is_private;
  block.arguments[2] = value;
  block.arguments[3] = mask;
  return err::restart_block;
}

// A wait for a lock goes on whatever handler ran.
Result<uint64_t> lock_result(const Result<>& waited) {
  if (waited) return 0;
  if (waited.error() == Errno::intr) return err::restart_always;
  return std::unexpected(waited.error());
}

struct PiCall {
  UserAddr word, word2;
  bool is_private, is_realtime;
  uint32_t value, value3;
  UserAddr timeout;
};

Result<uint64_t> call_pi(Thread& self, uint32_t command, const PiCall& call) {
  switch (command) {
    case unlock_pi: return lock_result(unlock_pi_futex(self, call.word, call.is_private));
    case try_lock_pi: return lock_result(try_lock_pi_futex(self, call.word, call.is_private));
    case cmp_requeue_pi: {
      if (call.value != 1) return err::inval;
      int moved = TRY(requeue_pi_futex(self, call.word, call.word2, call.is_private, static_cast<int>(call.timeout), call.value3));
      return static_cast<uint64_t>(moved);
    }
    default: break;
  }
  Nanoseconds deadline = TRY(get_deadline(self, call.timeout, true, call.is_realtime || command == lock_pi));
  if (command == wait_requeue_pi)
    return lock_result(wait_requeue_pi_futex(self, call.word, call.value, call.word2, call.is_private, deadline));
  return lock_result(lock_pi_futex(self, call.word, call.is_private, deadline));
}

}  // namespace

Result<uint64_t> restart_futex(Thread& self) {
  RestartBlock block = self.restart_block();
  return wait_until(self, block.arguments[0], block.arguments[1] != 0, static_cast<uint32_t>(block.arguments[2]),
                    static_cast<uint32_t>(block.arguments[3]), block.deadline);
}

Result<uint64_t> sys_futex(Thread& self, UserPtr<uint32_t> word, FutexOperation operation, uint32_t value, Hex timeout, Hex word2,
                           uint32_t value3) {
  uint32_t command = operation & command_mask;
  bool is_private = (operation & private_flag) != 0;
  bool realtime = (operation & clock_realtime) != 0;
  AddressSpace& memory = self.memory();
  if (realtime && command != wait_bitset && command != wait_requeue_pi && command != lock_pi2) return err::nosys;
  UserAddr address = word.address();
  auto count = static_cast<int>(value);
  auto count2 = static_cast<int>(timeout.value);
  Result<int> result = 0;
  switch (command) {
    case wait:
    case wait_bitset: {
      Nanoseconds deadline = TRY(get_deadline(self, timeout, command == wait_bitset, realtime));
      return wait_until(self, address, is_private, value, command == wait ? ~0u : value3, deadline);
    }
    case wake: result = wake_futex(memory, address, is_private, std::max(count, 1), ~0u); break;
    case wake_bitset: result = wake_futex(memory, address, is_private, std::max(count, 1), value3); break;
    case requeue: result = requeue_futex(memory, address, word2, is_private, count, count2, nullptr); break;
    case cmp_requeue: result = requeue_futex(memory, address, word2, is_private, count, count2, &value3); break;
    case wake_op: result = wake_futex_op(memory, address, word2, is_private, count, count2, value3); break;
    case lock_pi:
    case lock_pi2:
    case unlock_pi:
    case try_lock_pi:
    case wait_requeue_pi:
    case cmp_requeue_pi: return call_pi(self, command, {address, word2, is_private, realtime, value, value3, timeout});
    default: return err::nosys;
  }
  if (!result) return std::unexpected(result.error());
  return static_cast<uint64_t>(*result);
}

Result<uint64_t> sys_set_robust_list(Thread& self, Hex head, size_t length) {
  constexpr size_t head_size = 24;
  if (length != head_size) return err::inval;
  self.robust_list = head;
  return 0;
}

Result<uint64_t> sys_get_robust_list(Thread& self, Pid pid, UserPtr<uint64_t> head, UserPtr<uint64_t> length) {
  uint64_t list = self.robust_list;
  if (pid != 0) {
    LockGuard guard(self.kernel().tree());
    Thread* thread = self.kernel().find_thread(pid);
    if (!thread) return err::srch;
    const Credentials& who = self.credentials();
    if (thread->credentials().uid != who.euid && !has_capability(who, capability::sys_admin)) return err::perm;
    list = thread->robust_list;
  }
  TRY(put_user(self.memory(), length, 24));
  TRY(put_user(self.memory(), head, list));
  return 0;
}

}  // namespace halcyon
