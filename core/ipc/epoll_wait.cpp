// What happened to the files that an epoll file watches: announcements, and collecting events from the ready list.
//
// An item comes out of the list when it is looked at. It goes back, behind the others, if it had events and is level-triggered; an
// edge-triggered one waits for the next announcement, a one-shot one for epoll_ctl(2).
#include "core/base/lock_guard.h"
#include "core/ipc/epoll.h"
#include "core/task/kernel.h"

namespace halcyon {

// A queue that the item hangs on announces something; its lock is held. With EPOLLEXCLUSIVE the announcement goes on to the next item if
// nobody waits here, or has been woken already.
bool EpollFile::announced(WaitEntry& entry) {
  EpollItem& item = *static_cast<EpollItem::Watch&>(entry).item;
  if ((item.wanted.events & ~epoll_flag::all) == 0) return false;  // a one-shot item that has fired
  return item.owner->make_ready(item);
}

bool EpollFile::make_ready(EpollItem& item, bool at_front) {
  {
    LockGuard guard(ready_lock_);
    if (!item.is_ready) {
      item.is_ready = true;
      if (at_front) ready_.push_front(item);
      else ready_.push_back(item);
    }
  }
  return queue_.wake_one();
}

EpollItem* EpollFile::take_ready(bool* is_last) {
  LockGuard guard(ready_lock_);
  if (ready_.empty()) return nullptr;
  EpollItem& item = ready_.front();
  ready_.pop_front();
  item.is_ready = false;
  *is_last = ready_.empty();
  return &item;
}

bool EpollFile::has_ready() {
  LockGuard guard(ready_lock_);
  return !ready_.empty();
}

// What the item is to report now. Under epoll_lock.
uint32_t EpollFile::events_of(EpollItem& item, PollTable* table) {
  EpollFile* nested = item.file().as<EpollFile>();
  uint32_t events = nested ? nested->poll_locked(table) : item.file().poll(table);
  return events & item.wanted.events & ~epoll_flag::all;
}

// Readable while an item has events; items that turn out to have none leave the ready list. Under epoll_lock.
uint32_t EpollFile::poll_locked(PollTable* table) {
  if (table) table->watch(queue_);
  bool is_last;
  while (EpollItem* item = take_ready(&is_last)) {
    if (!events_of(*item, nullptr)) continue;
    LockGuard guard(ready_lock_);
    if (!item->is_ready) {
      item->is_ready = true;
      ready_.push_front(*item);
    }
    return poll::in | poll::rdnorm;
  }
  return 0;
}

uint32_t EpollFile::poll(PollTable* table) {
  LockGuard guard(kernel().epoll_lock());
  return poll_locked(table);
}

Result<uint64_t> EpollFile::collect(EpollSink& out, size_t limit) {
  LockGuard guard(kernel().epoll_lock());
  uint64_t count = 0;
  Result<> put;
  ReadyList again;
  // What is announced meanwhile is for the next call.
  for (bool is_last = false; count < limit && !is_last;) {
    EpollItem* item = take_ready(&is_last);
    if (!item) break;
    uint32_t events = events_of(*item, nullptr);
    if (!events) continue;
    put = out.put({events, item->wanted.data});
    if (!put) {
      make_ready(*item, true);
      break;
    }
    ++count;
    if (item->wanted.events & epoll_flag::one_shot) {
      item->wanted.events &= epoll_flag::all;
    } else if (!(item->wanted.events & epoll_flag::edge)) {
      LockGuard ready_guard(ready_lock_);
      if (item->is_ready) continue;
      item->is_ready = true;  // so that an announcement meanwhile leaves it where it is
      again.push_back(*item);
    }
  }
  bool has_more;
  {
    LockGuard ready_guard(ready_lock_);
    ready_.splice(ready_.end(), again);
    has_more = !ready_.empty();
  }
  if (count > 0 && has_more) queue_.wake_one();  // there may be something for another thread that waits
  if (count == 0 && !put) return std::unexpected(put.error());
  return count;
}

Result<uint64_t> EpollFile::wait(EpollSink& out, size_t limit, Nanoseconds deadline) {
  bool is_over = false;
  for (;;) {
    Result<uint64_t> count = collect(out, limit);
    if (!count || *count > 0) return count;
    if (is_over || deadline <= kernel().clock().monotonic()) return 0;
    auto waited = queue_.wait_until([&] { return has_ready(); }, deadline);
    if (waited) continue;
    if (waited.error() == Errno::intr) return err::intr;
    is_over = true;
  }
}

}  // namespace halcyon
