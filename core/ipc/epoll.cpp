// What an epoll file watches: adding, changing and removing items.
#include "core/ipc/epoll.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"

namespace halcyon {

namespace {

constexpr unsigned max_nests = 4;  // EP_MAX_NESTS
constexpr uint32_t always = poll::err | poll::hup;
// What may go together with EPOLLEXCLUSIVE.
constexpr uint32_t exclusive_events =
    poll::in | poll::out | poll::err | poll::hup | epoll_flag::wake_up | epoll_flag::edge | epoll_flag::exclusive;

}  // namespace

// Collects an item's queues.
class EpollFile::WatchTable final : public PollTable {
 public:
  explicit WatchTable(EpollItem& item) : item_(item) {}
  void watch(WaitQueue& queue) override {
    if (used_ == item_.watches.size()) {
      has_failed_ = true;
      return;
    }
    EpollItem::Watch& watch = item_.watches[used_++];
    watch.item = &item_;
    watch.notify = announced;
    watch.is_exclusive = (item_.wanted.events & epoll_flag::exclusive) != 0;
    queue.enlist(watch);
  }
  bool has_failed() const { return has_failed_; }

 private:
  EpollItem& item_;
  size_t used_ = 0;
  bool has_failed_ = false;
};

EpollFile::~EpollFile() {
  LockGuard guard(kernel().epoll_lock());
  while (!items_.empty()) erase(*items_.begin());
}

EpollItem* EpollFile::find(const File& file, int fd) {
  EpollItem key;
  key.key = &file;
  key.fd = fd;
  auto found = items_.find(key);
  return found == items_.end() ? nullptr : &*found;
}

const File* EpollFile::watched_file(int fd, unsigned index) {
  LockGuard guard(kernel().epoll_lock());
  for (EpollItem& item : items_)
    if (item.fd == fd && index-- == 0) return item.key;
  return nullptr;
}

// How many epoll files hang below `file`, one below the other; more than max_nests if `inserted_into` is among them.
unsigned EpollFile::height_of(File& file, const EpollFile* inserted_into, uint64_t visit) {
  EpollFile* epoll = file.as<EpollFile>();
  if (!epoll) return 0;
  if (epoll == inserted_into) return max_nests + 1;
  if (epoll->visit_ == visit) return epoll->visit_result_;
  unsigned height = 0;
  for (EpollItem& item : epoll->items_) height = std::max(height, height_of(item.file(), inserted_into, visit));
  epoll->visit_ = visit;
  epoll->visit_result_ = height + 1;
  return height + 1;
}

// How many epoll files watch `file`, one above the other.
unsigned EpollFile::depth_above(const File& file, uint64_t visit) {
  unsigned depth = 0;
  for (EpollItem* item = file.epoll_items_.load(); item; item = item->next) {
    EpollFile& owner = *item->owner;
    if (owner.visit_ != visit) {
      owner.visit_result_ = depth_above(owner, visit) + 1;
      owner.visit_ = visit;
    }
    depth = std::max(depth, owner.visit_result_);
  }
  return depth;
}

Result<> EpollFile::add(File& file, int fd, EpollEvent event) {
  if (event.events & epoll_flag::exclusive) {
    if (file.as<EpollFile>() || (event.events & ~exclusive_events)) return err::inval;
  }
  Own<EpollItem> fresh = TRY(make<EpollItem>());
  LockGuard guard(kernel().epoll_lock());
  uint64_t& visits = kernel().epoll_visits;
  unsigned height = height_of(file, this, ++visits);
  if (height > max_nests) return err::loop;
  if (find(file, fd)) return err::exist;
  if (depth_above(*this, ++visits) + height > max_nests) return err::inval;
  EpollItem& item = *fresh;
  item.owner = this;
  item.key = &file;
  item.fd = fd;
  item.wanted = {event.events | always, event.data};
  WatchTable table(item);
  uint32_t events = events_of(item, &table);
  if (table.has_failed()) {
    for (EpollItem::Watch& watch : item.watches)
      if (WaitQueue* queue = watch.queue) queue->withdraw(watch);
    return err::nomem;
  }
  items_.insert(*fresh.release());
  item.next = file.epoll_items_.load();
  if (item.next) item.next->previous = &item;
  file.epoll_items_.store(&item, std::memory_order_release);
  if (events) make_ready(item);
  return {};
}

Result<> EpollFile::modify(File& file, int fd, EpollEvent event) {
  LockGuard guard(kernel().epoll_lock());
  EpollItem* item = find(file, fd);
  if (event.events & epoll_flag::exclusive) return err::inval;
  if (!item) return err::noent;
  if (item->wanted.events & epoll_flag::exclusive) return err::inval;
  item->wanted = {event.events | always, event.data};
  if (events_of(*item, nullptr)) make_ready(*item);
  return {};
}

Result<> EpollFile::remove(File& file, int fd) {
  LockGuard guard(kernel().epoll_lock());
  EpollItem* item = find(file, fd);
  if (!item) return err::noent;
  erase(*item);
  return {};
}

// Under epoll_lock.
void EpollFile::erase(EpollItem& item) {
  // After this no announcement reaches the item.
  for (EpollItem::Watch& watch : item.watches)
    if (WaitQueue* queue = watch.queue) queue->withdraw(watch);
  {
    LockGuard guard(ready_lock_);
    if (item.is_ready) ready_.erase(ready_.iterator_to(item));
  }
  if (item.next) item.next->previous = item.previous;
  if (item.previous) item.previous->next = item.next;
  else item.key->epoll_items_.store(item.next, std::memory_order_release);
  items_.erase(items_.iterator_to(item));
  Own<EpollItem>(&item).reset();
}

void EpollFile::forget(const File& file) {
  LockGuard guard(kernel().epoll_lock());
  while (EpollItem* item = file.epoll_items_.load()) item->owner->erase(*item);
}

void File::forget_in_epoll() const { EpollFile::forget(*this); }

Result<Ref<File>> make_epoll() {
  Ref<EpollFile> file = TRY(make_ref<EpollFile>());
  return Ref<File>(std::move(file));
}

}  // namespace halcyon
