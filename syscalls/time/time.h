// Times as user programs pass them, checked and turned into nanoseconds; and what restart_syscall(2) continues.
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/task/process/limits.h"
#include "core/task/timers/cpu_clock.h"
#include "core/time/alarm.h"
#include "syscalls/types.h"

namespace halcyon {

class Kernel;
class Thread;

inline constexpr Nanoseconds second = 1'000'000'000;
inline constexpr Nanoseconds clock_tick = second / 100;  // of times(2) and /proc: USER_HZ

// A duration or a time. EINVAL if it is negative or has a second or more of nanoseconds; what no int64_t can hold becomes `never`.
Result<Nanoseconds> from_timespec(const Timespec& time);
// EINVAL for negative members. As for select(2), microseconds may exceed a second if `may_exceed`.
Result<Nanoseconds> from_timeval(const Timeval& time, bool may_exceed = false);
Result<TimerSetting> from_itimerspec(const Itimerspec& value);
constexpr Timespec to_timespec(Nanoseconds time) { return {time / second, time % second}; }
constexpr Timeval to_timeval(Nanoseconds time) { return {time / second, time % second / 1000}; }

constexpr Itimerspec to_itimerspec(const TimerSetting& setting) { return {to_timespec(setting.interval), to_timespec(setting.value)}; }

// CLOCK_MONOTONIC `duration` from now; `never` if that is out of reach.
Nanoseconds deadline_after(Kernel& kernel, Nanoseconds duration);
// How far off a deadline is: 0 when it has passed, `never` if it does not come.
Nanoseconds time_left(Kernel& kernel, Nanoseconds deadline);

namespace clock_id {
inline constexpr int realtime = 0, monotonic = 1, process_cpu = 2, thread_cpu = 3, monotonic_raw = 4, realtime_coarse = 5,
                     monotonic_coarse = 6;
inline constexpr int boottime = 7, realtime_alarm = 8, boottime_alarm = 9, tai = 11;
}  // namespace clock_id

// The time on any clock that clock_gettime(2) knows, those of clock_getcpuclockid(3) included. EINVAL.
Result<Nanoseconds> read_clock(Thread& self, int clock);

// A CPU clock, of clock_getcpuclockid(3) or the caller's own. EINVAL for a process that there is not, and for threads of other processes.
// To be read only: the id of a thread that asks for its own process will do.
bool is_cpu_clock(int clock);
Result<CpuClock> find_cpu_clock(Thread& self, int clock, bool only_to_read = false);
// CLOCKFD of Linux: a clock behind a descriptor, of which there are none. They can neither be slept on nor have timers.
inline bool is_file_clock(int clock) { return clock < 0 && (clock & 7) == 3; }

// Parks until CLOCK_MONOTONIC `deadline`: ok then, EINTR when a signal came before.
Result<> sleep_until(Thread& self, Nanoseconds deadline);

// Go on with a sleep that a signal without handler interrupted (RestartBlock::Kind::nanosleep, cpu_sleep).
Result<uint64_t> restart_nanosleep(Thread& self);
Result<uint64_t> restart_cpu_sleep(Thread& self);

}  // namespace halcyon
