#include "core/task/timers/cpu_clock.h"

#include "core/task/process/process.h"

namespace halcyon {

Nanoseconds CpuClock::now() const {
  CpuTime used = thread ? CpuTime{thread->user_time, thread->system_time} : cpu_time(*process);
  return is_user_only ? used.user : used.user + used.system;
}

bool CpuClock::is_gone() const {
  if (!thread) return process->is_reaped;
  for (Thread& each : process->threads)
    if (&each == thread.get()) return false;
  return true;
}

CpuAlarm::CpuAlarm(void (*due)(CpuAlarm&)) : due_(due) {}
CpuAlarm::~CpuAlarm() = default;

void CpuAlarm::set(const CpuClock& clock, Nanoseconds goal) {
  cancel();
  clock_ = clock;
  goal_ = goal;
  // At the front: whoever goes through the list and called `due` is past it.
  clock_.process->cpu_alarms.push_front(*this);
  clock_.process->has_cpu_timers = true;
}

void CpuAlarm::cancel() {
  if (!is_linked()) return;
  CpuAlarms& alarms = clock_.process->cpu_alarms;
  alarms.erase(alarms.iterator_to(*this));
  clock_ = {};
}

bool expire_cpu_alarms(Process& process) {
  CpuAlarms& alarms = process.cpu_alarms;
  for (auto next = alarms.begin(); next != alarms.end();) {
    CpuAlarm& alarm = *next++;
    if (alarm.clock_.now() < alarm.goal_) continue;
    alarm.cancel();
    alarm.due_(alarm);
  }
  return !alarms.empty();
}

}  // namespace halcyon
