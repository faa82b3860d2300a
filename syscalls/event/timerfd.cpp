// timerfd_create, timerfd_settime, timerfd_gettime.
#include "core/ipc/timerfd.h"

#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "syscalls/arguments.h"
#include "syscalls/calls.h"
#include "syscalls/install.h"
#include "syscalls/time/time.h"

namespace halcyon {

Result<uint64_t> sys_timerfd_create(Thread& self, ClockId clock, TimerFileFlags flags) {
  if (flags & ~(open_flag::nonblock | open_flag::close_on_exec)) return err::inval;
  AlarmClock kind = AlarmClock::monotonic;
  switch (clock) {
    case clock_id::realtime: kind = AlarmClock::realtime; break;
    case clock_id::monotonic:
    case clock_id::boottime: break;
    case clock_id::realtime_alarm: kind = AlarmClock::realtime; [[fallthrough]];
    case clock_id::boottime_alarm:
      // Nothing here ever sleeps so deeply that it would have to be woken for an alarm.
      if (!has_capability(self.credentials(), capability::wake_alarm)) return err::perm;
      break;
    default: return err::inval;
  }
  Ref<File> file = TRY(make_ref<TimerFile>(kind, flags & open_flag::nonblock));
  return install(self, std::move(file), flags);
}

Result<uint64_t> sys_timerfd_settime(Thread& self, Fd fd, TimerFlags flags, UserPtr<const Itimerspec> value, UserPtr<Itimerspec> old) {
  constexpr uint32_t absolute = 1, cancel_on_set = 2;
  Itimerspec wanted = TRY(get_user(self.memory(), value));
  if (flags & ~(absolute | cancel_on_set)) return err::inval;
  TimerSetting setting = TRY(from_itimerspec(wanted));
  Ref<TimerFile> file = TRY(file_of_kind<TimerFile>(self, fd));
  bool cancels = (flags & absolute) && (flags & cancel_on_set) && file->clock() == AlarmClock::realtime;
  TimerSetting before = file->set(setting, (flags & absolute) != 0, cancels);
  if (!old) return 0;
  TRY(put_user(self.memory(), old, to_itimerspec(before)));
  return 0;
}

Result<uint64_t> sys_timerfd_gettime(Thread& self, Fd fd, UserPtr<Itimerspec> value) {
  Ref<TimerFile> file = TRY(file_of_kind<TimerFile>(self, fd));
  TRY(put_user(self.memory(), value, to_itimerspec(file->get())));
  return 0;
}

}  // namespace halcyon
