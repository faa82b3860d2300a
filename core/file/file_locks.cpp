#include "core/file/file_locks.h"

#include "core/base/assert.h"
#include "core/base/lock_guard.h"

namespace halcyon {

FileLocks::~FileLocks() {
  drop_if([](const Lock&) { return true; });
}

template <class Matches>
void FileLocks::drop_if(Matches matches) {
  if (count_.load(std::memory_order_acquire) == 0) return;
  bool any = false;
  {
    LockGuard guard(lock_);
    for (auto it = locks_.begin(); it != locks_.end();) {
      Lock& lock = *it++;
      if (!matches(lock)) continue;
      locks_.erase(locks_.iterator_to(lock));
      Own<Lock>(&lock).reset();
      count_.fetch_sub(1);
      any = true;
    }
  }
  if (any) released_.wake_all();
}

void FileLocks::drop_process(int pid, File* file) {
  const void* object = file ? file->lock_object() : nullptr;
  drop_if([&](const Lock& lock) { return lock.owner.pid == pid && !lock.owner.description && (!object || lock.object == object); });
}

void FileLocks::drop_description(const File& file) {
  drop_if([&](const Lock& lock) { return lock.owner.description == &file; });
}

FileLocks::Lock* FileLocks::conflict(const void* object, bool is_flock, LockOwner owner, LockKind kind, LockRange range) {
  for (Lock& lock : locks_) {
    if (lock.object != object || lock.is_flock != is_flock || lock.owner == owner || !lock.range.overlaps(range)) continue;
    if (kind == LockKind::exclusive || lock.kind == LockKind::exclusive) return &lock;
  }
  return nullptr;
}

// A record lock becomes one with the owner's locks of the same kind that it overlaps or touches.
LockRange FileLocks::joined(const void* object, LockOwner owner, LockKind kind, LockRange range) {
  for (Lock& lock : locks_) {
    if (lock.object != object || lock.is_flock || lock.owner != owner || lock.kind != kind) continue;
    bool is_before = lock.range.end < range.start && lock.range.end + 1 != range.start;
    bool is_behind = lock.range.start > range.end && lock.range.start != range.end + 1;
    if (is_before || is_behind) continue;
    range = {std::min(range.start, lock.range.start), std::max(range.end, lock.range.end)};
  }
  return range;
}

void FileLocks::insert(Own<Lock> lock) {
  auto place = locks_.end();
  for (auto it = locks_.begin(); it != locks_.end(); ++it) {
    if (it->object != lock->object || it->is_flock != lock->is_flock || it->owner != lock->owner) continue;
    place = it->range.start > lock->range.start ? it : std::next(it);
    if (place == it) break;
  }
  locks_.insert(place, *lock.release());
  count_.fetch_add(1);
}

// Takes `range` out of the owner's locks but `except`; the one that may reach beyond it on both sides is split with `spare`.
void FileLocks::carve(const void* object, bool is_flock, LockOwner owner, LockRange range, Own<Lock>& spare, const Lock* except) {
  for (auto it = locks_.begin(); it != locks_.end();) {
    Lock& lock = *it++;
    if (lock.object != object || lock.is_flock != is_flock || lock.owner != owner || !lock.range.overlaps(range)) continue;
    if (&lock == except) continue;
    bool keeps_front = lock.range.start < range.start;
    bool keeps_back = lock.range.end > range.end;
    if (keeps_front && keeps_back) {
      ASSERT(spare);
      Own<Lock> back(spare.release());
      back->object = lock.object, back->is_flock = lock.is_flock, back->kind = lock.kind, back->owner = lock.owner;
      back->range = {range.end + 1, lock.range.end};
      lock.range.end = range.start - 1;
      insert(std::move(back));
    } else if (keeps_front) {
      lock.range.end = range.start - 1;
    } else if (keeps_back) {
      lock.range.start = range.end + 1;
    } else {
      locks_.erase(locks_.iterator_to(lock));
      Own<Lock>(&lock).reset();
      count_.fetch_sub(1);
    }
  }
}

void FileLocks::stop_waiting(Waiting& waiting) {
  if (waiting.is_enlisted) waiting_.erase(waiting_.iterator_to(waiting));
  waiting.is_enlisted = false;
}

bool FileLocks::would_deadlock(int pid, int for_pid) {
  for (unsigned depth = 0; depth < 64; ++depth) {
    if (for_pid == pid) return true;
    auto next = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& one) { return one.pid == for_pid; });
    if (next == waiting_.end()) return false;
    for_pid = next->for_pid;
  }
  return false;
}

Result<> FileLocks::take(File& file, bool is_flock, LockOwner owner, LockKind kind, LockRange range, bool waits) {
  const void* object = file.lock_object();
  Own<Lock> fresh = TRY(make<Lock>());
  Own<Lock> spare = TRY(make<Lock>());
  Waiting waiting;
  waiting.pid = owner.pid;
  Result<> result;
  // True when the wait is over, for better or worse.
  auto attempt = [&] {
    LockGuard guard(lock_);
    stop_waiting(waiting);
    Lock* other = kind == LockKind::unlock ? nullptr : conflict(object, is_flock, owner, kind, range);
    if (other) {
      result = err::again;
      if (!waits) return true;
      bool is_record = !is_flock && owner.pid && other->owner.pid;
      if (is_record && would_deadlock(owner.pid, other->owner.pid)) {
        result = err::deadlk;
        return true;
      }
      if (is_record) {
        waiting.for_pid = other->owner.pid;
        waiting_.push_back(waiting);
        waiting.is_enlisted = true;
      }
      return false;
    }
    result = {};
    if (kind == LockKind::unlock) {
      carve(object, is_flock, owner, range, spare);
      return true;
    }
    LockRange whole = is_flock ? range : joined(object, owner, kind, range);
    fresh->object = object, fresh->is_flock = is_flock, fresh->kind = kind, fresh->owner = owner, fresh->range = whole;
    Lock* mine = fresh.get();
    insert(std::move(fresh));
    carve(object, is_flock, owner, whole, spare, mine);
    if (owner.description) file.set_has_locks();
    return true;
  };
  // Converting a flock drops the old lock first, as flock(2) says.
  if (is_flock && kind != LockKind::unlock) {
    LockGuard guard(lock_);
    carve(object, true, owner, range, spare);
  }
  auto waited = released_.wait_until(attempt);
  {
    LockGuard guard(lock_);
    stop_waiting(waiting);
  }
  if (!waited) return err::restart;
  if (result) released_.wake_all();
  return result;
}

Result<> FileLocks::flock(File& file, LockKind kind, bool waits) { return take(file, true, LockOwner{&file, 0}, kind, LockRange{}, waits); }

Result<> FileLocks::set(File& file, LockOwner owner, LockKind kind, LockRange range, bool waits) {
  return take(file, false, owner, kind, range, waits);
}

FileLocks::Found FileLocks::test(File& file, LockOwner owner, LockKind kind, LockRange range) {
  LockGuard guard(lock_);
  Lock* other = conflict(file.lock_object(), false, owner, kind, range);
  if (!other) return {};
  return {other->kind, other->range, other->owner.description ? -1 : other->owner.pid};
}

}  // namespace halcyon
