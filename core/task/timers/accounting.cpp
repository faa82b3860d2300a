// Accounting: how much CPU time a thread has used, and how much of it in the kernel.
//
// The total is exact: every stretch between two calls of account(). Looking at the clock on every way into the kernel and out of it would
// cost as much as a short system call, so the kernel's part is an estimate: of all traps one in sample_weight, at random distances, is
// timed and stands for the others. A stretch gets what was estimated since the last one, at most its whole length; the rest is user time.
#include <algorithm>

#include "core/task/kernel.h"
#include "core/task/thread.h"

namespace halcyon {

namespace {

constexpr uint32_t sample_weight = 16;
constexpr Nanoseconds longest_debt = 10'000'000;  // what an estimate beyond its stretch may take from the next ones

}  // namespace

void Thread::handle_sampled_trap(const hal::Trap& trap) {
  // Distances of 1 to 31, so that no rhythm of the program hides a call; xorshift.
  sample_random_ ^= sample_random_ << 13, sample_random_ ^= sample_random_ >> 17, sample_random_ ^= sample_random_ << 5;
  traps_to_sample_ = 1 + sample_random_ % (2 * sample_weight - 1);
  sample_began_ = kernel().clock().monotonic();
  is_sampled_ = true;
  handle_trap(trap);
  add_sample(kernel().clock().monotonic());
  is_sampled_ = false;
}

void Thread::add_sample(Nanoseconds now) {
  kernel_time_ += sample_weight * (now - std::max(sample_began_, ran_since));
  sample_began_ = now;
}

void Thread::account() {
  Nanoseconds now = kernel().clock().monotonic();
  if (is_sampled_) add_sample(now);
  Nanoseconds elapsed = now - ran_since;
  ran_since = now;
  Nanoseconds in_kernel = kernel_function_ ? elapsed : std::min(kernel_time_, elapsed);
  kernel_time_ = std::clamp<Nanoseconds>(kernel_time_ - in_kernel, 0, longest_debt);
  system_time.fetch_add(in_kernel, std::memory_order_relaxed);
  user_time.fetch_add(elapsed - in_kernel, std::memory_order_relaxed);
  PerCpu& cpu = halcyon::per_cpu();
  cpu.system_time += in_kernel;
  (nice > 0 ? cpu.nice_time : cpu.user_time) += elapsed - in_kernel;
}

}  // namespace halcyon
