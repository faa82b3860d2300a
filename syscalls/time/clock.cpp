// clock_gettime, clock_settime, clock_getres: which clocks there are, and what they show.
//
// Negative ids are CPU clocks of a process or thread (clock_getcpuclockid(3)): the complement of the id in the upper bits, then a bit that
// says thread, then two bits that say which part of its time. An id of 0 is the caller's.
#include "core/base/lock_guard.h"
#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"
#include "syscalls/time/time.h"

namespace halcyon {

namespace {

constexpr Nanoseconds coarse_resolution = 4'000'000;

enum class CpuClockPart { profile = 0, user = 1, scheduled = 2, invalid = 3 };

struct ClockName {
  int id;
  bool is_thread;
  CpuClockPart part;
};

ClockName name_of(int clock) {
  if (clock == clock_id::process_cpu) return {0, false, CpuClockPart::scheduled};
  if (clock == clock_id::thread_cpu) return {0, true, CpuClockPart::scheduled};
  return {~(clock >> 3), (clock & 4) != 0, static_cast<CpuClockPart>(clock & 3)};
}

Result<Nanoseconds> read_cpu_clock(Thread& self, int id) {
  self.account();
  CpuClock clock = TRY(find_cpu_clock(self, id, true));
  LockGuard guard(self.kernel().tree());
  return clock.now();
}

}  // namespace

bool is_cpu_clock(int clock) { return clock < 0 || clock == clock_id::process_cpu || clock == clock_id::thread_cpu; }

Result<CpuClock> find_cpu_clock(Thread& self, int id, bool only_to_read) {
  ClockName name = name_of(id);
  if (name.part == CpuClockPart::invalid) return err::inval;
  Kernel& kernel = self.kernel();
  Process* process = &self.process();
  Thread* thread = name.is_thread ? &self : nullptr;
  LockGuard guard(kernel.tree());
  if (name.id != 0 && name.is_thread) {
    thread = kernel.find_thread(name.id);
    if (!thread || &thread->process() != process) return err::inval;
  } else if (name.id != 0 && !(only_to_read && name.id == self.tid())) {
    process = kernel.find_process(name.id);
    if (!process) return err::inval;
  }
  CpuClock clock{Ref<Process>(*process), nullptr, name.part == CpuClockPart::user};
  if (thread) clock.thread = Ref<Thread>(*thread);
  return clock;
}

Result<Nanoseconds> read_clock(Thread& self, int clock) {
  if (is_cpu_clock(clock)) return read_cpu_clock(self, clock);
  Clock& clocks = self.kernel().clock();
  switch (clock) {
    case clock_id::realtime:
    case clock_id::realtime_coarse:
    case clock_id::realtime_alarm:
    case clock_id::tai: return clocks.realtime();
    case clock_id::monotonic:
    case clock_id::monotonic_raw:
    case clock_id::monotonic_coarse:
    case clock_id::boottime:
    case clock_id::boottime_alarm: return clocks.monotonic();
    default: return err::inval;
  }
}

Result<uint64_t> sys_clock_gettime(Thread& self, ClockId clock, UserPtr<Timespec> time) {
  Nanoseconds now = TRY(read_clock(self, clock));
  TRY(put_user(self.memory(), time, to_timespec(now)));
  return 0;
}

Result<uint64_t> sys_clock_settime(Thread& self, ClockId clock, UserPtr<const Timespec> user_time) {
  if (clock >= 0 && clock != clock_id::realtime) return err::inval;
  Timespec wanted = TRY(get_user(self.memory(), user_time));
  if (clock < 0) {
    // Nobody may, if there is such a clock.
    CpuClock found = TRY(find_cpu_clock(self, clock));
    static_cast<void>(found);
    return err::perm;
  }
  Nanoseconds time = TRY(from_timespec(wanted));
  if (time >= Clock::settable_end) return err::inval;
  if (!has_capability(self.credentials(), capability::sys_time)) return err::perm;
  TRY(self.kernel().clock().set_realtime(time));
  return 0;
}

Result<uint64_t> sys_clock_getres(Thread& self, ClockId clock, UserPtr<Timespec> user_resolution) {
  if (clock < 0) {
    CpuClock found = TRY(find_cpu_clock(self, clock));
    static_cast<void>(found);
  } else {
    Nanoseconds now = TRY(read_clock(self, clock));
    static_cast<void>(now);
  }
  Nanoseconds resolution = 1;
  if (clock == clock_id::realtime_coarse || clock == clock_id::monotonic_coarse) resolution = coarse_resolution;
  if (clock < 0 && name_of(clock).part != CpuClockPart::scheduled) resolution = coarse_resolution;
  if (!user_resolution) return 0;
  TRY(put_user(self.memory(), user_resolution, to_timespec(resolution)));
  return 0;
}

}  // namespace halcyon
