#include "core/file/watch/notifications.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"

namespace halcyon {

Notifications::Ended::~Ended() {
  while (first_) {
    Own<Watch> watch(first_);
    first_ = watch->next_;
  }
}

void Notifications::count(uint32_t events, int step) {
  uint32_t wanted = 0;
  for (unsigned bit = 0; bit < 32; ++bit) {
    if (events >> bit & 1) wanting_[bit] += static_cast<uint32_t>(step);
    if (wanting_[bit]) wanted |= 1u << bit;
  }
  Kernel& kernel = halcyon::kernel();
  for (unsigned cpu = 0; cpu < kernel.cpu_count(); ++cpu) kernel.per_cpu(cpu).wanted_events.store(wanted, std::memory_order_relaxed);
}

void Notifications::attach(Own<Watch> owned, uint32_t wanted) {
  Watch& watch = *owned.release();
  watch.wanted_ = wanted;
  count(wanted, 1);
  watch.next_of_all_ = all_;
  if (all_) all_->previous_of_all_ = &watch;
  all_ = &watch;
  // Behind those that were there before: they hear of things first.
  Watch* last = watch.inode().watches_.load(std::memory_order_relaxed);
  while (last && last->next_) last = last->next_;
  if (last) last->next_ = &watch;
  else watch.inode().watches_.store(&watch, std::memory_order_release);
}

void Notifications::set_wanted(Watch& watch, uint32_t wanted) {
  count(watch.wanted_, -1);
  count(wanted, 1);
  watch.wanted_ = wanted;
}

void Notifications::detach(Watch& watch, Ended* ended) {
  set_wanted(watch, 0);
  if (watch.next_of_all_) watch.next_of_all_->previous_of_all_ = watch.previous_of_all_;
  (watch.previous_of_all_ ? watch.previous_of_all_->next_of_all_ : all_) = watch.next_of_all_;
  std::atomic<Watch*>& first = watch.inode().watches_;
  if (first.load(std::memory_order_relaxed) == &watch) {
    first.store(watch.next_, std::memory_order_release);
  } else {
    Watch* before = first.load(std::memory_order_relaxed);
    while (before->next_ != &watch) before = before->next_;
    before->next_ = watch.next_;
  }
  watch.next_ = ended->first_;
  ended->first_ = &watch;
  watch.ended();
}

void Notifications::tell(Inode& inode, const Happening& what) {
  Ended ended;
  LockGuard guard(lock_);
  for (Watch* watch = inode.watches_.load(std::memory_order_relaxed); watch;) {
    Watch& each = *watch;
    watch = each.next_;
    if ((each.wanted_ & what.events & ~event::is_directory) && !each.happened(*this, what)) detach(each, &ended);
  }
}

void Notifications::tell_removed(Inode& inode, bool is_directory) {
  tell(inode, {.events = event::remove_self | (is_directory ? event::is_directory : 0)});
  Ended ended;
  LockGuard guard(lock_);
  while (Watch* watch = inode.watches_.load(std::memory_order_relaxed)) detach(*watch, &ended);
}

void Notifications::tell_unmounted(const void* file_system) {
  Ended ended;
  LockGuard guard(lock_);
  for (Watch* watch = all_; watch;) {
    Watch& each = *watch;
    watch = each.next_of_all_;
    if (each.file_system_ != file_system) continue;
    each.happened(*this, {.events = event::unmount});
    detach(each, &ended);
  }
}

struct Notifications::OwedSignal {
  Ref<File> file;
  int fd = -1;
  OwedSignal* next = nullptr;
};

void Notifications::owe_signal(File& file, int fd) {
  auto owed = make<OwedSignal>();
  if (!owed || !file.retain_if_alive()) return;
  (*owed)->file = Ref<File>::adopt(&file);
  (*owed)->fd = fd;
  OwedSignal* last = owed->release();
  (owed_ ? last_owed_->next : owed_) = last;
  last_owed_ = last;
  current_thread().add_work(work::async);
}

void Notifications::send_signals(Kernel& kernel) {
  for (;;) {
    Own<OwedSignal> owed;
    {
      LockGuard guard(lock_);
      owed.reset(owed_);
      if (!owed) return;
      owed_ = owed->next;
    }
    kernel.async_files().send_message(kernel, *owed->file, owed->fd);
  }
}

}  // namespace halcyon
