// Timers that are files (timerfd_create(2)): a read returns how often the timer has expired since the last one.
//
// A periodic timer is armed for its next expiration only; those that follow are counted, and the timer armed again, when somebody asks.
#pragma once

#include "core/base/annotations.h"
#include "core/file/anonymous_file.h"
#include "core/sync/spin_lock.h"
#include "core/time/alarm.h"

namespace halcyon {

class TimerFile final : public AnonymousFile {
 public:
  static constexpr FileKind file_kind = FileKind::timer;
  TimerFile(AlarmClock clock, uint32_t flags) : AnonymousFile(open_flag::read_write | flags, "[timerfd]", file_kind), clock_(clock) {
    alarm_.file = this;
  }
  ~TimerFile() override;

  // timerfd_settime(2): returns what there was before. `absolute`: the value is a time of the clock. `cancels`: a change of that clock
  // makes reads fail with ECANCELED.
  TimerSetting set(const TimerSetting& setting, bool absolute, bool cancels);
  TimerSetting get();
  AlarmClock clock() const { return clock_; }

  Result<size_t> read(Sink& out) override;
  Result<size_t> write(Source&) override { return err::inval; }
  uint32_t poll(PollTable* table) override;

 private:
  struct FileAlarm : Alarm {
    FileAlarm() : Alarm(TimerFile::due) {}
    TimerFile* file = nullptr;
  };
  struct ClockWatch : WaitEntry {
    TimerFile* file = nullptr;
  };
  static void due(Alarm& alarm);
  static bool clock_was_set(WaitEntry& entry);
  Nanoseconds now() const REQUIRES(lock_);  // on runs_on_
  TimerSetting setting_locked() REQUIRES(lock_);
  void catch_up_locked() REQUIRES(lock_);
  bool take(uint64_t* ticks, bool* cancelled);

  const AlarmClock clock_;
  SpinLock lock_{Rank::device};
  // A relative time does not follow a clock that is set.
  AlarmClock runs_on_ GUARDED_BY(lock_) = AlarmClock::monotonic;
  Nanoseconds when_ GUARDED_BY(lock_) = never;  // the next expiration, or the last one if has_expired_
  Nanoseconds interval_ GUARDED_BY(lock_) = 0;
  uint64_t ticks_ GUARDED_BY(lock_) = 0;
  bool has_expired_ GUARDED_BY(lock_) = false;  // and the alarm is not set
  bool cancels_ GUARDED_BY(lock_) = false;
  std::atomic<bool> is_cancelled_{false};  // also without lock_
  FileAlarm alarm_;
  ClockWatch clock_watch_;
  WaitQueue expired_{Rank::epoll_queue};  // announced to while the clock's own queue is locked
};

}  // namespace halcyon
