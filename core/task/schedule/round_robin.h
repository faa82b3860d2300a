// Round robin: each thread runs for a slice and goes to the end of its CPU's queue.
#pragma once

#include "core/task/schedule/queued_scheduler.h"

namespace halcyon {

using RoundRobinQueue = boost::intrusive::list<Thread::ScheduleNode, boost::intrusive::constant_time_size<false>>;

class RoundRobin final : public QueuedScheduler<RoundRobin, RoundRobinQueue> {
 public:
  using QueuedScheduler::QueuedScheduler;
  std::string_view name() const override { return "round-robin"; }
  bool tick(Thread&, unsigned cpu, Nanoseconds) override { return has_work(cpu); }

 private:
  friend QueuedScheduler;
  void entering(RoundRobinQueue&, Thread&, bool) {}
  void leaving(RoundRobinQueue&, Thread&) {}
  void stolen(unsigned, Thread&) {}
};

}  // namespace halcyon
