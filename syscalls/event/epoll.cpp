// epoll_create, epoll_ctl, epoll_wait and their kin (epoll(7)).
#include "core/ipc/epoll.h"
#include "core/task/kernel.h"
#include "syscalls/abi/abi.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/event/temporary_mask.h"
#include "syscalls/install.h"
#include "syscalls/time/time.h"

namespace halcyon {

namespace {

constexpr int ctl_add = 1, ctl_delete = 2, ctl_modify = 3;

class UserEvents final : public EpollSink {
 public:
  UserEvents(Thread& self, UserAddr at) : self_(self), at_(at) {}
  Result<> put(const EpollEvent& event) override {
    Abi& abi = abi_of(self_);
    TRY(abi.put_epoll_event(self_, UserPtr<UserEpollEvent>(at_), event));
    at_ += abi.epoll_event_size();
    return {};
  }

 private:
  Thread& self_;
  UserAddr at_;
};

Result<uint64_t> wait_for(Thread& self, Fd fd, UserPtr<UserEpollEvent> events, int count, Nanoseconds deadline) {
  size_t size = abi_of(self).epoll_event_size();
  if (count <= 0 || static_cast<size_t>(count) > INT32_MAX / size) return err::inval;
  size_t limit = static_cast<size_t>(count);
  if (!self.memory().is_valid_range(events.address(), limit * size)) return err::fault;
  FdTable::Borrowed file = TRY(self.files().borrow(fd));
  if (file->is_path()) return err::badf;
  EpollFile* epoll = file->as<EpollFile>();
  if (!epoll) return err::inval;
  UserEvents out(self, events.address());
  return epoll->wait(out, limit, deadline);
}

Result<uint64_t> wait_with_mask(Thread& self, Fd fd, UserPtr<UserEpollEvent> events, int count, Nanoseconds deadline,
                                UserPtr<const UserSigset> set, size_t set_size) {
  TemporaryMask mask(self);
  TRY(mask.apply(set, set_size));
  Result<uint64_t> result = wait_for(self, fd, events, count, deadline);
  mask.finish(result);
  return result;
}

Nanoseconds deadline_of(Thread& self, int milliseconds) {
  if (milliseconds == 0) return 0;  // which has passed
  return milliseconds < 0 ? never : deadline_after(self.kernel(), Nanoseconds{milliseconds} * 1'000'000);
}

}  // namespace

Result<uint64_t> sys_epoll_create1(Thread& self, EpollFlags flags) {
  if (flags & ~open_flag::close_on_exec) return err::inval;
  Ref<File> file = TRY(make_epoll());
  return install(self, std::move(file), flags);
}

Result<uint64_t> sys_epoll_create(Thread& self, int size) {
  if (size <= 0) return err::inval;
  return sys_epoll_create1(self, EpollFlags{0});
}

Result<uint64_t> sys_epoll_ctl(Thread& self, Fd epoll_fd, EpollOperation operation, Fd fd, UserPtr<const UserEpollEvent> user_event) {
  EpollEvent event;
  if (operation != ctl_delete) event = TRY(abi_of(self).get_epoll_event(self, user_event));
  Ref<File> epoll_file = TRY(self.files().get(epoll_fd));
  Ref<File> file = TRY(self.files().get(fd));
  if (epoll_file->is_path() || file->is_path()) return err::badf;
  if (!file->is_pollable()) return err::perm;
  EpollFile* epoll = epoll_file->as<EpollFile>();
  if (!epoll || file == epoll_file) return err::inval;
  switch (operation) {
    case ctl_add: return as_result(epoll->add(*file, fd, event));
    case ctl_delete: return as_result(epoll->remove(*file, fd));
    case ctl_modify: return as_result(epoll->modify(*file, fd, event));
    default: return err::inval;
  }
}

Result<uint64_t> sys_epoll_wait(Thread& self, Fd fd, UserPtr<UserEpollEvent> events, int count, int timeout) {
  return wait_for(self, fd, events, count, deadline_of(self, timeout));
}

Result<uint64_t> sys_epoll_pwait(Thread& self, Fd fd, UserPtr<UserEpollEvent> events, int count, int timeout, UserPtr<const UserSigset> set,
                                 size_t set_size) {
  return wait_with_mask(self, fd, events, count, deadline_of(self, timeout), set, set_size);
}

Result<uint64_t> sys_epoll_pwait2(Thread& self, Fd fd, UserPtr<UserEpollEvent> events, int count, UserPtr<const Timespec> timeout,
                                  UserPtr<const UserSigset> set, size_t set_size) {
  Nanoseconds deadline = never;
  if (timeout) {
    Timespec time = TRY(get_user(self.memory(), timeout));
    Nanoseconds duration = TRY(from_timespec(time));
    deadline = deadline_after(self.kernel(), duration);
  }
  return wait_with_mask(self, fd, events, count, deadline, set, set_size);
}

}  // namespace halcyon
