// TemporaryMask: the signal mask that a call puts in place while it waits (ppoll(2), pselect(2), epoll_pwait(2)).
#pragma once

#include "core/mm/user_memory.h"
#include "core/task/thread.h"
#include "syscalls/types.h"

namespace halcyon {

class TemporaryMask {
 public:
  explicit TemporaryMask(Thread& self) : self_(self) {}

  // Nothing if `set` is null. EINVAL for a size other than that of a sigset_t, EFAULT.
  Result<> apply(UserPtr<const UserSigset> set, size_t size) {
    if (!set) return {};
    if (size != sizeof(uint64_t)) return err::inval;
    uint64_t bits = TRY(get_user(self_.memory(), set.as<const uint64_t>()));
    old_ = self_.blocked();
    is_applied_ = true;
    self_.set_blocked(SignalSet(bits));
    return {};
  }

  // After an interruption the old mask comes back only when the signal, which the old one may block, has been delivered; else now.
  void finish(const Result<uint64_t>& result) {
    if (!is_applied_) return;
    is_applied_ = false;
    if (!result && (is_restart(result.error()) || result.error() == Errno::intr)) self_.restore_blocked_after(old_);
    else self_.set_blocked(old_);
  }

 private:
  Thread& self_;
  SignalSet old_;
  bool is_applied_ = false;
};

}  // namespace halcyon
