#include "core/ipc/timerfd.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"

namespace halcyon {

TimerFile::~TimerFile() {
  if (WaitQueue* queue = clock_watch_.queue) queue->withdraw(clock_watch_);
  alarm_.cancel();
}

Nanoseconds TimerFile::now() const {
  Clock& clock = kernel().clock();
  return runs_on_ == AlarmClock::realtime ? clock.realtime() : clock.monotonic();
}

void TimerFile::due(Alarm& alarm) {
  TimerFile& file = *static_cast<FileAlarm&>(alarm).file;
  {
    LockGuard guard(file.lock_);
    ++file.ticks_;
    file.has_expired_ = true;
  }
  file.expired_.wake_all();
}

// Only while the timer can be cancelled; the queue of the clock is locked.
bool TimerFile::clock_was_set(WaitEntry& entry) {
  TimerFile& file = *static_cast<ClockWatch&>(entry).file;
  file.is_cancelled_.store(true, std::memory_order_release);
  file.expired_.wake_all();
  return false;
}

// Counts the periods that have passed since the alarm went off, and sets it for the next.
void TimerFile::catch_up_locked() {
  if (!has_expired_ || interval_ == 0) return;
  Periods periods = periods_since(when_, interval_, now());
  ticks_ += periods.count - 1;
  when_ = periods.next;
  has_expired_ = false;
  alarm_.set(runs_on_, when_);
}

TimerSetting TimerFile::setting_locked() {
  catch_up_locked();
  if (has_expired_ || when_ == never) return {0, interval_};
  return {std::max<Nanoseconds>(when_ - now(), 1), interval_};
}

TimerSetting TimerFile::get() {
  LockGuard guard(lock_);
  return setting_locked();
}

TimerSetting TimerFile::set(const TimerSetting& setting, bool absolute, bool cancels) {
  TimerSetting old;
  {
    LockGuard guard(lock_);
    old = setting_locked();
    when_ = never;  // nobody sets the alarm meanwhile
    interval_ = 0;
    has_expired_ = false;
    cancels_ = cancels;
  }
  alarm_.cancel();
  if (WaitQueue* queue = clock_watch_.queue) queue->withdraw(clock_watch_);
  if (cancels) {
    clock_watch_.file = this;
    clock_watch_.notify = clock_was_set;
    kernel().clock().was_set.enlist(clock_watch_);
  }
  LockGuard guard(lock_);
  is_cancelled_.store(false, std::memory_order_release);
  ticks_ = 0;
  interval_ = setting.interval;
  runs_on_ = absolute ? clock_ : AlarmClock::monotonic;
  if (setting.value == 0) return old;
  when_ = absolute ? setting.value : later(now(), setting.value);
  alarm_.set(runs_on_, when_);
  return old;
}

bool TimerFile::take(uint64_t* ticks, bool* cancelled) {
  LockGuard guard(lock_);
  *cancelled = is_cancelled_.exchange(false);
  if (*cancelled) {
    ticks_ = 0;
    has_expired_ = false;
    return true;
  }
  if (ticks_ == 0) return false;
  catch_up_locked();
  *ticks = std::exchange(ticks_, 0);
  return true;
}

Result<size_t> TimerFile::read(Sink& out) {
  if (out.remaining() < sizeof(uint64_t)) return err::inval;
  uint64_t ticks = 0;
  bool cancelled = false;
  auto take_some = [&] { return take(&ticks, &cancelled); };
  if (is_nonblocking()) {
    if (!take_some()) return err::again;
  } else if (!expired_.wait_until(take_some)) {
    return err::restart;
  }
  if (cancelled) return err::canceled;
  return out.write(std::as_bytes(std::span(&ticks, 1)));
}

uint32_t TimerFile::poll(PollTable* table) {
  if (table) table->watch(expired_);
  LockGuard guard(lock_);
  return ticks_ > 0 || is_cancelled_.load(std::memory_order_acquire) ? poll::in : 0;
}

}  // namespace halcyon
