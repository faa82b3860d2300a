// Guards that hold a lock for a scope, seen by the thread-safety analysis (core/base/annotations.h). For any class with lock() and
// unlock(), or lock_shared() and unlock_shared().
#pragma once

#include "core/base/annotations.h"

namespace halcyon {

// Holds a lock from here to the end of the scope.
template <class Lock>
class [[nodiscard]] SCOPED_CAPABILITY LockGuard {
 public:
  explicit LockGuard(Lock& lock) ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
  ~LockGuard() RELEASE() { lock_.unlock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Lock& lock_;
};

// The same, for code that lets go of the lock in between or before the end.
template <class Lock>
class [[nodiscard]] SCOPED_CAPABILITY UniqueLock {
 public:
  explicit UniqueLock(Lock& lock) ACQUIRE(lock) : lock_(lock), is_held_(true) { lock_.lock(); }
  ~UniqueLock() RELEASE() {
    if (is_held_) lock_.unlock();
  }
  UniqueLock(const UniqueLock&) = delete;
  UniqueLock& operator=(const UniqueLock&) = delete;

  void lock() ACQUIRE() {
    lock_.lock();
    is_held_ = true;
  }
  void unlock() RELEASE() {
    is_held_ = false;
    lock_.unlock();
  }

 private:
  Lock& lock_;
  bool is_held_;
};

// Holds a lock as one of several readers.
template <class Lock>
class [[nodiscard]] SCOPED_CAPABILITY SharedLock {
 public:
  explicit SharedLock(Lock& lock) ACQUIRE_SHARED(lock) : lock_(lock) { lock_.lock_shared(); }
  ~SharedLock() RELEASE_GENERIC() { lock_.unlock_shared(); }
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;

 private:
  Lock& lock_;
};

}  // namespace halcyon
