// Notifications: who wants to hear of what happens to files and directories (inotify(7), and dnotify, F_NOTIFY of fcntl(2)).
//
// A Watch is attached to one inode, which it keeps. What happens to a file is told to the watches of the directory that it is in, with its
// name, and then to its own (fs/files/notify.h finds both). Most of the time nobody wants to know: all that reading, writing, opening and
// closing look at is one word of what anybody wants.
//
// Lock: lock() (rank device, a spin lock) protects which watches there are, what they want, and what they have gathered.
#pragma once

#include <array>
#include <atomic>
#include <string_view>

#include "core/base/annotations.h"
#include "core/base/own.h"
#include "core/file/inode.h"
#include "core/sync/spin_lock.h"
#include "core/task/schedule/per_cpu.h"

namespace halcyon {

class InotifyFile;
class Kernel;

// Numbered as in inotify(7).
namespace event {
inline constexpr uint32_t access = 1, modify = 2, attributes = 4, close_write = 8, close_nowrite = 0x10, open = 0x20, moved_from = 0x40,
                          moved_to = 0x80, create = 0x100, remove = 0x200, remove_self = 0x400, move_self = 0x800;
inline constexpr uint32_t all = 0xfff;
inline constexpr uint32_t unmount = 0x2000, overflow = 0x4000, ignored = 0x8000, is_directory = 0x40000000;
inline constexpr uint32_t renamed = 0x10000;  // within one directory: DN_RENAME
}  // namespace event

struct Happening {
  uint32_t events = 0;           // one of event::, perhaps with is_directory
  std::string_view name{};       // in the watched directory; empty: it happened to what is watched itself
  uint32_t cookie = 0;           // joins the two halves of a rename
  bool by_removed_name = false;  // through a description whose name is gone
};

class Notifications;

class Watch {
 public:
  // `file_system` and `owner` are only compared.
  Watch(Ref<Inode> inode, const void* file_system, const File& owner)
      : inode_(std::move(inode)), file_system_(file_system), owner_(&owner) {}
  virtual ~Watch() = default;
  Inode& inode() const { return *inode_; }
  uint32_t wanted() const { return wanted_; }

 protected:
  // Both under the lock. False: that was the last that it wants to hear.
  virtual bool happened(Notifications& all, const Happening& what) = 0;
  // It was detached, and is destroyed when the lock is released.
  virtual void ended() = 0;

 private:
  friend class Notifications;
  Ref<Inode> inode_;
  const void* file_system_;
  const File* owner_;
  Watch* next_ = nullptr;  // of the inode, or among those that have ended
  Watch *next_of_all_ = nullptr, *previous_of_all_ = nullptr;
  uint32_t wanted_ = 0;
};

class Notifications {
 public:
  Notifications() = default;
  Notifications(const Notifications&) = delete;
  Notifications& operator=(const Notifications&) = delete;

  // Whether anybody, anywhere, wants to hear of one of these. Each CPU has a copy of the word.
  static bool wants(uint32_t events) { return (per_cpu().wanted_events.load(std::memory_order_relaxed) & events) != 0; }
  uint32_t next_cookie() { return cookies_.fetch_add(1, std::memory_order_relaxed); }

  // Tells the watches of `inode`. Not under a spin lock of a higher rank; does not block.
  void tell(Inode& inode, const Happening& what);
  // The inode has lost its last name and its last user: remove_self, and nothing more.
  void tell_removed(Inode& inode, bool is_directory);
  // Its last mount goes.
  void tell_unmounted(const void* file_system);

  // Watches that have ended while the lock was held; they are destroyed when it is not any more.
  class Ended {
   public:
    Ended() = default;
    Ended(const Ended&) = delete;
    Ended& operator=(const Ended&) = delete;
    ~Ended();

   private:
    friend class Notifications;
    Watch* first_ = nullptr;
  };
  SpinLock& lock() const RETURN_CAPABILITY(lock_) { return lock_; }
  // Under the lock.
  void attach(Own<Watch> watch, uint32_t wanted) REQUIRES(lock_);
  void set_wanted(Watch& watch, uint32_t wanted) REQUIRES(lock_);
  void detach(Watch& watch, Ended* ended) REQUIRES(lock_);
  // The first watch of the inode that belongs to `owner` and `matches`.
  template <class Matches>
  Watch* find(const Inode& inode, const File& owner, Matches matches) {
    for (Watch* watch = inode.watches_.load(std::memory_order_relaxed); watch; watch = watch->next_)
      if (watch->owner_ == &owner && matches(*watch)) return watch;
    return nullptr;
  }

  // Signals that watches owe (dnotify). In thread context, without locks.
  void send_signals(Kernel& kernel);
  // Under the lock: `file`'s owner is to get a signal about `fd`.
  void owe_signal(File& file, int fd) REQUIRES(lock_);

  // Settings in /proc/sys/fs.
  std::atomic<int> max_queued_events{16384}, max_user_instances{128}, max_user_watches{8192};  // inotify
  std::atomic<int> directory_notices{1};                                                       // dir-notify-enable

 private:
  friend class InotifyFile;
  struct OwedSignal;
  void count(uint32_t events, int step) REQUIRES(lock_);

  mutable SpinLock lock_{Rank::device};
  std::array<uint32_t, 32> wanting_ GUARDED_BY(lock_){};  // watches that want each event
  Watch* all_ GUARDED_BY(lock_) = nullptr;
  InotifyFile* instances_ GUARDED_BY(lock_) = nullptr;
  OwedSignal *owed_ GUARDED_BY(lock_) = nullptr, *last_owed_ GUARDED_BY(lock_) = nullptr;
  std::atomic<uint32_t> cookies_{1};
};

}  // namespace halcyon
