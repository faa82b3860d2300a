// seccomp(2): which system calls a thread may make. Filters are programs in a list, newest first, which forks share; nobody takes one away.
//
// A thread's state changes under the process-tree lock, by the thread itself or (SECCOMP_FILTER_FLAG_TSYNC) by another of its process. The
// thread itself asks its filters without a lock: what it finds stays alive, for whoever replaces the newest filter keeps the older ones
// below it.
#pragma once

#include <atomic>

#include "core/base/ref.h"
#include "core/base/vec.h"
#include "core/task/seccomp/program.h"

namespace halcyon {

class Thread;

// SECCOMP_RET_*: the most important one of all filters counts, and as a signed number that is the lowest.
namespace seccomp_action {
inline constexpr uint32_t kill_process = 0x8000'0000, kill_thread = 0, trap = 0x0003'0000, error = 0x0005'0000, user_notify = 0x7fc0'0000,
                          trace = 0x7ff0'0000, log = 0x7ffc'0000, allow = 0x7fff'0000;
inline constexpr uint32_t action_mask = 0xffff'0000, data_mask = 0xffff;
}  // namespace seccomp_action

class SeccompFilter : public RefCounted {
 public:
  // EINVAL: the program is not valid; ENOMEM.
  static Result<Ref<SeccompFilter>> create(Vec<BpfInstruction> program);
  ~SeccompFilter();

  // What this filter and those below say about a call.
  uint32_t decide(const SeccompData& data) const;
  // How many there are, from this one down.
  unsigned depth() const { return depth_; }

 private:
  template <class T, class... Args>
  friend Result<Ref<T>> make_ref(Args&&... args);
  friend Result<int> add_seccomp_filter(Thread& self, Ref<SeccompFilter> filter, bool on_all_threads);
  explicit SeccompFilter(Vec<BpfInstruction> program) : program_(std::move(program)) {}
  // ENOMEM: too many instructions in all.
  Result<> put_on(const Ref<SeccompFilter>& below);
  bool is_above(const SeccompFilter* other) const;

  static constexpr size_t max_instructions = 32768, cost_of_each = 4;

  const Vec<BpfInstruction> program_;
  // Set once, before others see the filter.
  Ref<SeccompFilter> below_;
  unsigned depth_ = 1;
  size_t instructions_ = 0;  // with those below
};

struct SeccompState {
  enum class Mode : uint8_t { disabled, strict, filter };
  std::atomic<Mode> mode{Mode::disabled};
  std::atomic<const SeccompFilter*> newest{nullptr};  // for the thread itself
  Ref<SeccompFilter> filters;                         // under the tree lock

  void set_filters(Ref<SeccompFilter> next) {
    newest.store(next.get(), std::memory_order_release);
    filters = std::move(next);
  }
};

// From now on the thread may only read, write, exit and return from signal handlers. EINVAL: it has filters.
Result<> enter_strict_seccomp(Thread& self);
// Adds a filter above those that the thread has; with on_all_threads, to all threads of its process, which then also share its
// no_new_privileges. Returns 0, or the id of a thread whose filters are not among the caller's (nothing has changed then). EINVAL: strict
// mode; ENOMEM.
Result<int> add_seccomp_filter(Thread& self, Ref<SeccompFilter> filter, bool on_all_threads);
// fork, clone. Under the tree lock.
void inherit_seccomp(Thread& child, Thread& self);

}  // namespace halcyon
