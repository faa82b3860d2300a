// Alarm: something that happens at a time of CLOCK_MONOTONIC or CLOCK_REALTIME. One at a time of CLOCK_REALTIME looks again when somebody
// sets that clock: it may then be due at once, or later than it was.
#pragma once

#include "core/time/clock.h"
#include "core/time/timer.h"

namespace halcyon {

enum class AlarmClock : uint8_t { monotonic, realtime };

class Alarm : Timer {
 public:
  // `due` must not block; it may set the alarm again.
  explicit Alarm(void (*due)(Alarm&)) : due_(due) { expired = timer_expired; }
  // The owner has cancelled it.
  ~Alarm() = default;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Sets, or moves, the alarm. Not together with cancel() or another set().
  void set(AlarmClock clock, Nanoseconds goal);
  // After it returns `due` does not run and will not. Not from `due` itself; no lock is held that `due` takes.
  void cancel();

 private:
  struct Watch : WaitEntry {
    Alarm* alarm = nullptr;
  };
  static void timer_expired(Timer& timer);
  static bool clock_was_set(WaitEntry& entry);

  void (*due_)(Alarm&);
  std::atomic<Nanoseconds> goal_{never};  // on its own clock
  std::atomic<AlarmClock> clock_{AlarmClock::monotonic};
  Watch watch_;
};

// What timer_settime(2) and timerfd_settime(2) are given.
struct TimerSetting {
  Nanoseconds value = 0;     // 0: off
  Nanoseconds interval = 0;  // 0: once
};

// Where a periodic timer stands that was due at `due`, `now` being later: how many periods have begun since, the one at `due` included, and
// when the next begins.
struct Periods {
  uint64_t count;
  Nanoseconds next;
};
constexpr Periods periods_since(Nanoseconds due, Nanoseconds interval, Nanoseconds now) {
  uint64_t count = now > due ? static_cast<uint64_t>(now - due) / static_cast<uint64_t>(interval) + 1 : 1;
  Nanoseconds length = 0;
  return {count, __builtin_mul_overflow(count, interval, &length) ? never : later(due, length)};
}

}  // namespace halcyon
