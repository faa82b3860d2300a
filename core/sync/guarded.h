// Guarded<T, Lock>: state that can be reached only with its lock held.
#pragma once

#include <utility>

#include "core/base/lock_guard.h"
#include "core/sync/mutex.h"
#include "core/sync/spin_lock.h"

namespace halcyon {

template <class T, class Lock>
class Guarded {
 public:
  template <class... Args>
  explicit Guarded(Rank rank, Args&&... args) : lock_(rank), value_(std::forward<Args>(args)...) {}

  // Runs action(state) under the lock. With a SpinLock nothing inside may block or touch user memory; with a Mutex it may.
  template <class Action>
  decltype(auto) with(Action&& action) {
    LockGuard guard(lock_);
    return std::forward<Action>(action)(value_);
  }
  template <class Action>
  decltype(auto) with(Action&& action) const {
    LockGuard guard(lock_);
    return std::forward<Action>(action)(value_);
  }

 private:
  mutable Lock lock_;
  T value_ GUARDED_BY(lock_);
};

}  // namespace halcyon
