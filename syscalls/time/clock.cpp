// clock_gettime, clock_settime, clock_getres: which clocks there are, and what they show.
//
// Negative ids are CPU clocks of a process or thread (clock_getcpuclockid(3)): the complement of the id in the upper bits, then a bit that
// says thread, then two bits that say which part of its time.
#include <mutex>

#include "core/mm/user_memory.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "syscalls/calls.h"
#include "syscalls/time/time.h"

namespace halcyon {

namespace {

constexpr Nanoseconds coarse_resolution = 4'000'000;

enum class CpuClockPart { profile = 0, user = 1, scheduled = 2, invalid = 3 };

struct CpuClock {
  int id;
  bool is_thread;
  CpuClockPart part;
};

CpuClock cpu_clock(int clock) {
  if (clock == clock_id::process_cpu) return {0, false, CpuClockPart::scheduled};
  if (clock == clock_id::thread_cpu) return {0, true, CpuClockPart::scheduled};
  return {~(clock >> 3), (clock & 4) != 0, static_cast<CpuClockPart>(clock & 3)};
}

bool is_cpu_clock(int clock) { return clock < 0 || clock == clock_id::process_cpu || clock == clock_id::thread_cpu; }

// Another process's threads cannot be asked one by one.
Result<CpuTime> used_by(Thread& self, const CpuClock& clock) {
  std::lock_guard guard(self.kernel().tree());
  if (!clock.is_thread) {
    Process* process = clock.id == 0 ? &self.process() : self.kernel().find_process(clock.id);
    if (!process) return err::inval;
    return cpu_time(*process);
  }
  Thread* thread = clock.id == 0 ? &self : self.kernel().find_thread(clock.id);
  if (!thread || &thread->process() != &self.process()) return err::inval;
  return CpuTime{thread->user_time, thread->system_time};
}

Result<Nanoseconds> read_cpu_clock(Thread& self, int id) {
  CpuClock clock = cpu_clock(id);
  if (clock.part == CpuClockPart::invalid) return err::inval;
  self.account();
  CpuTime used = TRY(used_by(self, clock));
  return clock.part == CpuClockPart::user ? used.user : used.user + used.system;
}

}  // namespace

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
  if (auto stored = put_user(self.memory(), time, to_timespec(now)); !stored) return std::unexpected(stored.error());
  return 0;
}

Result<uint64_t> sys_clock_settime(Thread& self, ClockId clock, UserPtr<const Timespec> user_time) {
  if (is_cpu_clock(clock)) {
    Nanoseconds now = TRY(read_clock(self, clock));
    static_cast<void>(now);
    return err::perm;
  }
  if (clock != clock_id::realtime) return err::inval;
  Timespec wanted = TRY(get_user(self.memory(), user_time));
  Nanoseconds time = TRY(from_timespec(wanted));
  if (time == never) return err::inval;
  if (!has_capability(self.credentials(), capability::sys_time)) return err::perm;
  self.kernel().clock().set_realtime(time);
  return 0;
}

Result<uint64_t> sys_clock_getres(Thread& self, ClockId clock, UserPtr<Timespec> user_resolution) {
  Nanoseconds now = TRY(read_clock(self, clock));
  static_cast<void>(now);
  Nanoseconds resolution = 1;
  if (clock == clock_id::realtime_coarse || clock == clock_id::monotonic_coarse) resolution = coarse_resolution;
  if (clock < 0 && cpu_clock(clock).part != CpuClockPart::scheduled) resolution = coarse_resolution;
  if (!user_resolution) return 0;
  if (auto stored = put_user(self.memory(), user_resolution, to_timespec(resolution)); !stored) return std::unexpected(stored.error());
  return 0;
}

}  // namespace halcyon
