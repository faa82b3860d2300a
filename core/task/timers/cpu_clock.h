// CPU clocks: what a process, or one of its threads, has used of the CPUs (clock_getcpuclockid(3)); and what is to happen when such a clock
// has come to a time, for timers and sleepers of any process. Nothing announces that: the alarms on a process's clocks are looked at
// whenever an interrupt ends a stretch of its user code (expire_cpu_timers).
//
// All of it under the tree lock, but for the clocks themselves, which do not change.
#pragma once

#include <boost/intrusive/list.hpp>

#include "core/base/ref.h"
#include "core/base/types.h"

namespace halcyon {

class Process;
class Thread;

struct CpuClock {
  Ref<Process> process;
  Ref<Thread> thread;  // null: all that the process used
  bool is_user_only = false;

  Nanoseconds now() const;
  // The process was waited for, or the thread has exited: it will never go on.
  bool is_gone() const;
};

class CpuAlarm : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>> {
 public:
  // `due` must not block; it may set the alarm again.
  explicit CpuAlarm(void (*due)(CpuAlarm&));
  ~CpuAlarm();
  CpuAlarm(const CpuAlarm&) = delete;
  CpuAlarm& operator=(const CpuAlarm&) = delete;

  void set(const CpuClock& clock, Nanoseconds goal);
  // Before it is destroyed. Harmless if it is not set.
  void cancel();

 private:
  friend bool expire_cpu_alarms(Process& process);

  void (*due_)(CpuAlarm&);
  CpuClock clock_;  // of an alarm that is set
  Nanoseconds goal_ = never;
};

using CpuAlarms = boost::intrusive::list<CpuAlarm, boost::intrusive::constant_time_size<false>>;

// Those whose time has come. True if others are left.
bool expire_cpu_alarms(Process& process);

}  // namespace halcyon
