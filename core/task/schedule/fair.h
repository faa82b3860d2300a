// Fair: runs the thread that had the least weighted CPU time. A thread's virtual time grows by elapsed * 1024 / weight, where nice 0 weighs
// 1024 and each step of nice about 1.25 times more or less (as Linux's CFS). A thread that slept starts at the queue's minimum, so it
// cannot save up time.
#pragma once

#include "core/task/schedule/queued_scheduler.h"

namespace halcyon {

struct ByVirtualTime {
  bool operator()(const Thread::ScheduleNode& a, const Thread::ScheduleNode& b) const { return a.virtual_time < b.virtual_time; }
};

struct FairQueue : boost::intrusive::multiset<Thread::ScheduleNode, boost::intrusive::compare<ByVirtualTime>,
                                              boost::intrusive::constant_time_size<false>> {
  int64_t minimum = 0;
};

class Fair final : public QueuedScheduler<Fair, FairQueue> {
 public:
  using QueuedScheduler::QueuedScheduler;
  std::string_view name() const override { return "fair"; }
  bool tick(Thread& current, unsigned cpu, Nanoseconds elapsed) override;

 private:
  friend QueuedScheduler;
  void entering(FairQueue& queue, Thread& thread, bool woken);
  void leaving(FairQueue& queue, Thread& thread);
  void stolen(unsigned cpu, Thread& thread);
};

}  // namespace halcyon
