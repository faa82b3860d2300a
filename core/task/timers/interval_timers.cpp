// Interval timers. The real one is a timer of the kernel's queue that arms itself again. The virtual and prof ones hold in `when` the CPU
// time of the process at which they are due; whenever an interrupt ends a stretch of its user code, that is compared with what the process
// has used.
#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

namespace {

constexpr int signal_of[3] = {sig::alrm, sig::vtalrm, sig::prof};

void send(Process& process, unsigned which) { send_to_process(process, SignalInfo{.number = signal_of[which], .code = si_code::kernel}); }

// The next time after `now` in steps of `interval`; `never` for a timer that runs once.
Nanoseconds next_time(Nanoseconds due, Nanoseconds interval, Nanoseconds now) {
  if (interval <= 0) return never;
  Nanoseconds missed = now > due ? (now - due) / interval : 0;
  Nanoseconds length;
  return __builtin_mul_overflow(missed + 1, interval, &length) ? never : later(due, length);
}

void expired(Timer& timer) {
  auto& real = static_cast<IntervalTimer&>(timer);
  Process& process = *real.process;
  Kernel& kernel = process.kernel();
  send(process, 0);
  Nanoseconds next = next_time(real.when, real.interval, kernel.clock().monotonic());
  if (next != never) kernel.timers().arm(real, next);
}

// What a CPU timer counts. Under the tree lock.
Nanoseconds used(Process& process, unsigned which) {
  CpuTime time = cpu_time(process);
  return which == 1 ? time.user : time.user + time.system;
}

// Under the tree lock.
IntervalValue value_of(Process& process, unsigned which) {
  IntervalTimer& timer = process.interval_timers[which];
  Nanoseconds when = which == 0 ? process.kernel().timers().time_of(timer) : timer.when;
  if (when == never) return {};
  Nanoseconds now = which == 0 ? process.kernel().clock().monotonic() : used(process, which);
  // A timer that is due and has not been served yet still runs.
  return {std::max<Nanoseconds>(when - now, 1000), timer.interval};
}

}  // namespace

CpuTime cpu_time(Process& process) {
  CpuTime total{process.dead_threads_use.user_time, process.dead_threads_use.system_time};
  for (Thread& thread : process.threads) {
    total.user += thread.user_time.load(std::memory_order_relaxed);
    total.system += thread.system_time.load(std::memory_order_relaxed);
  }
  return total;
}

IntervalValue get_interval_timer(Process& process, unsigned which) {
  LockGuard guard(process.kernel().tree());
  return value_of(process, which);
}

IntervalValue set_interval_timer(Process& process, unsigned which, IntervalValue value) {
  Kernel& kernel = process.kernel();
  LockGuard guard(kernel.tree());
  IntervalValue old = value_of(process, which);
  IntervalTimer& timer = process.interval_timers[which];
  if (which == 0) kernel.timers().disarm(timer);
  timer.process = &process;
  timer.interval = value.interval;
  Nanoseconds now = which == 0 ? kernel.clock().monotonic() : used(process, which);
  Nanoseconds when = value.remaining > 0 ? later(now, value.remaining) : never;
  if (which != 0) {
    timer.when = when;
    if (when != never) process.has_cpu_timers = true;
  } else if (when != never) {
    timer.expired = expired;
    kernel.timers().arm(timer, when);
  }
  return old;
}

namespace {

// RLIMIT_CPU: SIGXCPU at the soft limit and every second after it, SIGKILL at the hard one. True if there is a limit.
bool check_cpu_limit(Process& process) {
  constexpr uint64_t second = 1'000'000'000;
  auto seconds = static_cast<uint64_t>(used(process, 2)) / second;
  int number = 0;
  {
    LockGuard guard(process.limits_lock);
    ResourceLimit& limit = process.limits[static_cast<unsigned>(Limit::cpu)];
    if (limit.soft == unlimited) return false;
    if (seconds >= limit.hard) number = sig::kill;
    else if (seconds >= limit.soft) number = sig::xcpu, limit.soft = seconds + 1;
  }
  if (number) send_to_process(process, SignalInfo{.number = number, .code = si_code::kernel});
  return true;
}

}  // namespace

void expire_cpu_timers(Process& process) {
  LockGuard guard(process.kernel().tree());
  bool is_any_left = check_cpu_limit(process);
  if (expire_cpu_alarms(process)) is_any_left = true;
  for (unsigned which = 1; which < 3; ++which) {
    IntervalTimer& timer = process.interval_timers[which];
    if (timer.when == never) continue;
    Nanoseconds now = used(process, which);
    if (now >= timer.when) {
      send(process, which);
      timer.when = next_time(timer.when, timer.interval, now);
    }
    if (timer.when != never) is_any_left = true;
  }
  process.has_cpu_timers = is_any_left;
}

}  // namespace halcyon
