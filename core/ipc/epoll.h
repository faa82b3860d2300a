// epoll (epoll(7)): a file that watches other files. An item per watched descriptor is enlisted in the queues that the file's readiness
// hangs on; an announcement puts the item into its epoll file's ready list, and epoll_wait(2) looks at the files in that list only.
//
// An item lives until it is removed, its epoll file goes, or the watched description goes: it holds no reference to the file, but the
// file's last reference takes the items away before anything of the file is destroyed.
//
// Locks: Kernel::epoll_lock (rank epoll, a mutex) protects which items there are, and is held while files are asked for their events; an
// epoll file's ready_lock_ (rank epoll_queue, a spin lock) its ready list, which announcements reach with a queue's lock held.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include "core/base/annotations.h"
#include "core/base/own.h"
#include "core/file/anonymous_file.h"

namespace halcyon {

struct EpollEvent {
  uint32_t events = 0;  // of poll(2), and epoll_flag
  uint64_t data = 0;
};

namespace epoll_flag {
inline constexpr uint32_t exclusive = 1u << 28, wake_up = 1u << 29, one_shot = 1u << 30, edge = 1u << 31;
inline constexpr uint32_t all = exclusive | wake_up | one_shot | edge;
}  // namespace epoll_flag

struct EpollSetTag;
struct EpollReadyTag;
struct EpollItem : boost::intrusive::set_base_hook<boost::intrusive::tag<EpollSetTag>>,
                   boost::intrusive::list_base_hook<boost::intrusive::tag<EpollReadyTag>> {
  EpollFile* owner = nullptr;
  const File* key = nullptr;  // the watched file
  int fd = -1;
  EpollEvent wanted;
  struct Watch : WaitEntry {
    EpollItem* item = nullptr;
  };
  static constexpr size_t max_watches = 4;
  std::array<Watch, max_watches> watches;
  bool is_ready = false;      // in the ready list; under ready_lock_
  EpollItem* next = nullptr;  // of the same file
  EpollItem* previous = nullptr;

  File& file() const { return const_cast<File&>(*key); }
  bool operator<(const EpollItem& other) const { return fd != other.fd ? fd < other.fd : key < other.key; }
};

// Where epoll_wait puts what it found; may touch user memory.
class EpollSink {
 public:
  virtual Result<> put(const EpollEvent& event) = 0;

 protected:
  ~EpollSink() = default;
};

class EpollFile final : public AnonymousFile {
 public:
  static constexpr FileKind file_kind = FileKind::epoll;
  EpollFile() : AnonymousFile(open_flag::read_write, "[eventpoll]", file_kind) {}
  ~EpollFile() override;

  // epoll_ctl(2). EEXIST, ENOENT; EPERM for a file that is always ready; ELOOP or EINVAL where epoll files would watch each other in a
  // circle or more than five deep; EINVAL for itself and for flags that do not go together; ENOMEM.
  Result<> add(File& file, int fd, EpollEvent event);
  Result<> modify(File& file, int fd, EpollEvent event);
  Result<> remove(File& file, int fd);

  // epoll_wait(2): how many events went into `out`, at most `limit`; 0 at the CLOCK_MONOTONIC deadline. EINTR.
  Result<uint64_t> wait(EpollSink& out, size_t limit, Nanoseconds deadline);

  // The file that the item number `index` among those of descriptor `fd` watches, only to be compared; null if there are fewer (kcmp(2)).
  const File* watched_file(int fd, unsigned index);

  Result<size_t> read(Sink&) override { return err::inval; }
  Result<size_t> write(Source&) override { return err::inval; }
  uint32_t poll(PollTable* table) override;

  // A file goes: nobody watches it any more.
  static void forget(const File& file);

 private:
  using Items =
      boost::intrusive::set<EpollItem, boost::intrusive::base_hook<boost::intrusive::set_base_hook<boost::intrusive::tag<EpollSetTag>>>,
                            boost::intrusive::constant_time_size<false>>;
  using ReadyList =
      boost::intrusive::list<EpollItem, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<EpollReadyTag>>>,
                             boost::intrusive::constant_time_size<false>>;
  class WatchTable;
  static bool announced(WaitEntry& entry);
  static uint32_t events_of(EpollItem& item, PollTable* table);
  static unsigned height_of(File& file, const EpollFile* inserted_into, uint64_t visit);
  static unsigned depth_above(const File& file, uint64_t visit);
  EpollItem* find(const File& file, int fd);
  void erase(EpollItem& item);
  // Whether a thread that waits for events was woken.
  bool make_ready(EpollItem& item, bool at_front = false);
  // Null: there is none; else also whether no other is left.
  EpollItem* take_ready(bool* is_last);
  bool has_ready();
  uint32_t poll_locked(PollTable* table);
  Result<uint64_t> collect(EpollSink& out, size_t limit);

  Items items_;         // under epoll_lock, as the next two
  uint64_t visit_ = 0;  // the last search that came here, and what it found
  unsigned visit_result_ = 0;
  SpinLock ready_lock_{Rank::epoll_queue};
  ReadyList ready_ GUARDED_BY(ready_lock_);
  WaitQueue queue_{Rank::epoll_queue};
};

Result<Ref<File>> make_epoll();

}  // namespace halcyon
