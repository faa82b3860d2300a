// poll, ppoll (select and pselect6: select.cpp). A poll that a signal interrupts goes on by restart_syscall(2) until its first deadline;
// the others, which have a signal mask or write the time left back, are executed again.
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"
#include "syscalls/event/poll_wait.h"
#include "syscalls/event/temporary_mask.h"
#include "syscalls/time/time.h"

namespace halcyon {

namespace {

// The array of poll(2), copied in once and out once.
class PollArray final : public PollSet {
 public:
  explicit PollArray(Thread& self) : self_(self) {}

  // EINVAL beyond RLIMIT_NOFILE; EFAULT, ENOMEM.
  Result<> load(UserPtr<PollFd> user, uint32_t count) {
    if (count > self_.process().limit(Limit::open_files).soft) return err::inval;
    if (count > inline_.size()) {
      TRY(more_.resize(count));
      fds_ = more_.span();
    } else {
      fds_ = std::span(inline_).first(count);
    }
    auto bytes = std::as_writable_bytes(fds_);
    TRY(get_user_bytes(self_.memory(), bytes, user.address()));
    return {};
  }

  Result<> store(UserPtr<PollFd> user) {
    auto bytes = std::as_bytes(fds_);
    TRY(put_user_bytes(self_.memory(), user.address(), bytes));
    return {};
  }

  Result<uint64_t> look(PollWaiter* waiter) override {
    uint64_t count = 0;
    size_t index = 0;
    if (waiter) {
      for (; index < fds_.size() && count == 0; ++index) count += note(fds_[index], watch(fds_[index], *waiter));
    }
    FdTable& files = self_.files();
    for (PollFd& entry : fds_.subspan(index)) count += note(entry, look_at(files, entry));
    return count;
  }

 private:
  static uint32_t wanted(const PollFd& entry) { return static_cast<uint16_t>(entry.events) | poll::err | poll::hup; }
  static unsigned note(PollFd& entry, uint32_t events) {
    entry.returned = static_cast<int16_t>(events);
    return events != 0;
  }

  static uint32_t look_at(FdTable& files, const PollFd& entry) {
    if (entry.fd < 0) return 0;
    auto file = files.borrow(entry.fd);
    if (!file || (*file)->is_path()) return poll::nval;
    return (*file)->poll(nullptr) & wanted(entry);
  }

  uint32_t watch(const PollFd& entry, PollWaiter& waiter) {
    if (entry.fd < 0) return 0;
    auto file = self_.files().get(entry.fd);
    if (!file || (*file)->is_path()) return poll::nval;
    return waiter.look(*std::move(file)) & wanted(entry);
  }

  Thread& self_;
  std::array<PollFd, 128> inline_;
  Vec<PollFd> more_;
  std::span<PollFd> fds_;
};

// EINTR when a signal came first; what was found is stored in any case.
Result<uint64_t> poll_until(Thread& self, UserPtr<PollFd> fds, uint32_t count, Nanoseconds deadline) {
  PollArray array(self);
  TRY(array.load(fds, count));
  Result<uint64_t> result = wait_for_events(self, array, deadline);
  TRY(array.store(fds));
  return result;
}

Result<uint64_t> poll_restartable(Thread& self, UserPtr<PollFd> fds, uint32_t count, Nanoseconds deadline) {
  Result<uint64_t> result = poll_until(self, fds, count, deadline);
  if (result || result.error() != Errno::intr) return result;
  self.restart_block() = {RestartBlock::Kind::poll, deadline, {fds.address(), count}};
  return err::restart_block;
}

}  // namespace

Result<uint64_t> sys_poll(Thread& self, UserPtr<PollFd> fds, uint32_t count, int timeout) {
  Nanoseconds deadline = timeout < 0 ? never : deadline_after(self.kernel(), Nanoseconds{timeout} * 1'000'000);
  return poll_restartable(self, fds, count, deadline);
}

Result<uint64_t> restart_poll(Thread& self) {
  RestartBlock block = self.restart_block();
  self.restart_block().kind = RestartBlock::Kind::none;
  return poll_restartable(self, UserPtr<PollFd>(block.arguments[0]), static_cast<uint32_t>(block.arguments[1]), block.deadline);
}

Result<uint64_t> sys_ppoll(Thread& self, UserPtr<PollFd> fds, uint32_t count, UserPtr<const Timespec> timeout,
                           UserPtr<const UserSigset> set, size_t set_size) {
  Nanoseconds duration = never;
  if (timeout) {
    Timespec time = TRY(get_user(self.memory(), timeout));
    duration = TRY(from_timespec(time));
  }
  TemporaryMask mask(self);
  TRY(mask.apply(set, set_size));
  Nanoseconds deadline = deadline_after(self.kernel(), duration);
  Result<uint64_t> result = poll_until(self, fds, count, deadline);
  if (!result && result.error() == Errno::intr) result = err::restart_nohand;
  mask.finish(result);
  if (!timeout || duration == 0) return result;
  Timespec left = to_timespec(time_left(self.kernel(), deadline));
  // Without the time left in user memory the call cannot be executed again.
  bool is_sticky = (self.personality & personality::sticky_timeouts) != 0;
  bool is_stored = !is_sticky && put_user(self.memory(), UserPtr<Timespec>(timeout.address()), left).has_value();
  if (!is_stored && !result && result.error() == Errno::restart_nohand) return err::intr;
  return result;
}

}  // namespace halcyon
