// The timers of a process that timer_create(2) makes.
//
// A timer has at most one signal queued. While it is, periods that pass are only counted; the timer is armed again when the signal is
// taken, which is also when its overrun count becomes known. Timers may run on CPU clocks of other processes.
//
// Lock: lock_ (rank timer_states, a spin lock), for the timers and their ids. CPU time is read under the tree lock, taken before.
#pragma once

#include <boost/intrusive/set.hpp>

#include "core/base/annotations.h"
#include "core/base/own.h"
#include "core/base/ref.h"
#include "core/sync/spin_lock.h"
#include "core/task/thread.h"
#include "core/task/timers/cpu_clock.h"
#include "core/time/alarm.h"

namespace halcyon {

class Process;

enum class TimerClock : uint8_t { monotonic, realtime, cpu };

struct TimerEvent {
  enum class Kind : uint8_t { none, process, thread } kind = Kind::process;
  int signal = sig::alrm;
  uint64_t value = 0;
  bool value_is_id = false;  // no event was given
  Ref<Thread> thread;        // for Kind::thread
};

class PosixTimers {
 public:
  explicit PosixTimers(Process& process) : process_(process) {}
  PosixTimers(const PosixTimers&) = delete;
  PosixTimers& operator=(const PosixTimers&) = delete;
  ~PosixTimers();

  // Returns the new timer's id. `cpu` counts for TimerClock::cpu. EAGAIN (RLIMIT_SIGPENDING), ENOMEM.
  Result<int> create(TimerClock clock, CpuClock cpu, TimerEvent event);
  // EINVAL for an id that there is not.
  Result<> remove(int id);
  Result<TimerSetting> get(int id);
  // Returns the old setting. ESRCH: its CPU clock is gone.
  Result<TimerSetting> set(int id, const TimerSetting& setting, bool absolute);
  Result<int> overrun(int id);
  // exec and exit: all go. Under the tree lock.
  void clear();

  // A signal that a timer had queued was taken: its overrun count goes into `info`. Without locks.
  void signal_taken(SignalInfo& info);

 private:
  struct PosixTimer : boost::intrusive::set_base_hook<> {
    struct TimerAlarm : Alarm {
      TimerAlarm() : Alarm(PosixTimers::due) {}
      PosixTimer* timer = nullptr;
    };
    struct TimerCpuAlarm : CpuAlarm {
      TimerCpuAlarm() : CpuAlarm(PosixTimers::cpu_due) {}
      PosixTimer* timer = nullptr;
    };
    explicit PosixTimer(PosixTimers& timers);

    PosixTimers& owner;
    int id = 0;
    TimerClock clock = TimerClock::monotonic;
    TimerClock runs_on = TimerClock::monotonic;  // a relative time of CLOCK_REALTIME does not follow a clock that is set
    CpuClock cpu;
    TimerEvent event;
    Nanoseconds when = never;  // the next expiration, or with a queued signal the last; never: off
    Nanoseconds interval = 0;
    int64_t overrun = -1;  // periods since the last signal was taken, without the first
    int64_t last_overrun = 0;
    bool is_queued = false;
    TimerAlarm alarm;
    TimerCpuAlarm cpu_alarm;
    bool is_on_cpu() const { return clock == TimerClock::cpu; }
    bool is_running() const { return when != never && !is_queued; }
  };
  struct IdOf {
    using type = int;
    type operator()(const PosixTimer& timer) const { return timer.id; }
  };
  using Timers = boost::intrusive::set<PosixTimer, boost::intrusive::key_of_value<IdOf>, boost::intrusive::constant_time_size<true>>;

  static void due(Alarm& alarm);
  static void cpu_due(CpuAlarm& alarm);
  PosixTimer* find(int id) REQUIRES(lock_);
  // Under the tree lock, so that nobody else is about to set the timer's alarm.
  Result<> remove_with_tree(int id) EXCLUDES(lock_);
  Nanoseconds now(const PosixTimer& timer);
  void arm(PosixTimer& timer) REQUIRES(lock_);
  void expire(PosixTimer& timer) REQUIRES(lock_);
  void forward(PosixTimer& timer, Nanoseconds now) REQUIRES(lock_);
  TimerSetting setting_of(PosixTimer& timer) REQUIRES(lock_);

  Process& process_;
  SpinLock lock_{Rank::timer_states};
  Timers timers_ GUARDED_BY(lock_);
  int next_id_ GUARDED_BY(lock_) = 0;
};

}  // namespace halcyon
