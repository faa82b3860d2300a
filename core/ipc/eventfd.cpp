#include "core/ipc/eventfd.h"

#include "core/base/lock_guard.h"
#include "core/file/anonymous_file.h"
#include "core/sync/spin_lock.h"
#include "core/sync/wait_queue.h"

namespace halcyon {

namespace {

constexpr uint64_t highest =
    UINT64_MAX - 1;  // UINT64_MAX says that the counter has overflowed, which only the kernel itself could bring about

class EventFile final : public AnonymousFile {
 public:
  EventFile(uint64_t value, bool is_semaphore, uint32_t flags)
      : AnonymousFile(open_flag::read_write | flags, "[eventfd]"), is_semaphore_(is_semaphore), value_(value) {}

  Result<size_t> read(Sink& out) override {
    if (out.remaining() < sizeof(uint64_t)) return err::inval;
    uint64_t taken = 0;
    auto take_some = [&] { return take(&taken); };
    if (is_nonblocking()) {
      if (!take_some()) return err::again;
    } else if (!changed_.wait_until(take_some)) {
      return err::restart;
    }
    changed_.wake_all();
    return out.write(std::as_bytes(std::span(&taken, 1)));
  }

  Result<size_t> write(Source& in) override {
    uint64_t added = 0;
    if (in.remaining() < sizeof added) return err::inval;
    size_t got = TRY(in.read(std::as_writable_bytes(std::span(&added, 1))));
    if (got < sizeof added) return err::fault;
    if (added == UINT64_MAX) return err::inval;
    auto add_it = [&] { return add(added); };
    if (is_nonblocking()) {
      if (!add_it()) return err::again;
    } else if (!changed_.wait_until(add_it)) {
      return err::restart;
    }
    changed_.wake_all();
    return sizeof added;
  }

  uint32_t poll(PollTable* table) override {
    if (table) table->watch(changed_);
    LockGuard guard(lock_);
    uint32_t events = 0;
    if (value_ > 0) events |= poll::in | poll::rdnorm;
    if (value_ == UINT64_MAX) events |= poll::err;
    if (value_ < highest) events |= poll::out | poll::wrnorm;
    return events;
  }

 private:
  bool take(uint64_t* taken) {
    LockGuard guard(lock_);
    if (value_ == 0) return false;
    *taken = is_semaphore_ ? 1 : value_;
    value_ -= *taken;
    return true;
  }
  bool add(uint64_t added) {
    LockGuard guard(lock_);
    if (added > highest - std::min(value_, highest)) return false;
    value_ += added;
    return true;
  }

  const bool is_semaphore_;
  SpinLock lock_{Rank::device};
  uint64_t value_ GUARDED_BY(lock_);
  WaitQueue changed_;  // the counter went up or down
};

}  // namespace

Result<Ref<File>> make_eventfd(uint64_t value, bool is_semaphore, uint32_t flags) {
  Ref<EventFile> file = TRY(make_ref<EventFile>(value, is_semaphore, flags & open_flag::nonblock));
  return Ref<File>(std::move(file));
}

}  // namespace halcyon
