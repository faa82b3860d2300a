// Fair: runs the thread that had the least weighted CPU time. A thread's virtual time grows by elapsed * 1024 / weight, where nice 0 weighs
// 1024 and each step of nice about 1.25 times more or less (as Linux's CFS). A thread that slept starts at the queue's minimum, so it
// cannot save up time.
#pragma once

#include "core/sync/spin_lock.h"
#include "core/task/schedule/scheduler.h"
#include "core/task/thread.h"

namespace halcyon {

class Fair final : public Scheduler {
 public:
  explicit Fair(unsigned cpu_count) : cpu_count_(cpu_count) {}
  std::string_view name() const override { return "fair"; }
  void enqueue(Thread& thread, unsigned cpu, bool woken) override;
  Thread* pick(unsigned cpu) override;
  bool dequeue(Thread& thread) override;
  bool has_work(unsigned cpu) const override;
  bool tick(Thread& current, unsigned cpu, Nanoseconds elapsed) override;
  unsigned ready_count() const override;

 private:
  struct ByVirtualTime {
    bool operator()(const Thread::ScheduleNode& a, const Thread::ScheduleNode& b) const { return a.virtual_time < b.virtual_time; }
  };
  using Tree = boost::intrusive::multiset<Thread::ScheduleNode, boost::intrusive::compare<ByVirtualTime>,
                                          boost::intrusive::constant_time_size<false>>;
  struct Queue {
    SpinLock lock{Rank::run_queue};
    Tree threads;         // under lock
    int64_t minimum = 0;  // under lock
    std::atomic<unsigned> count{0};
  };
  Thread* take(Queue& queue, unsigned for_cpu);
  static constexpr unsigned max_cpus = 64;

  unsigned cpu_count_;
  std::array<Queue, max_cpus> queues_;
};

}  // namespace halcyon
