// Round robin: a queue per CPU; each thread runs for a slice and goes to the end. A CPU without work takes from the longest other queue.
#pragma once

#include "core/sync/spin_lock.h"
#include "core/task/schedule/scheduler.h"
#include "core/task/thread.h"

namespace halcyon {

class RoundRobin final : public Scheduler {
 public:
  explicit RoundRobin(unsigned cpu_count) : cpu_count_(cpu_count) {}
  std::string_view name() const override { return "round-robin"; }
  void enqueue(Thread& thread, unsigned cpu, bool woken) override;
  Thread* pick(unsigned cpu) override;
  bool dequeue(Thread& thread) override;
  bool has_work(unsigned cpu) const override;
  bool tick(Thread& current, unsigned cpu, Nanoseconds elapsed) override;
  unsigned ready_count() const override;

 private:
  using List = boost::intrusive::list<Thread::ScheduleNode, boost::intrusive::constant_time_size<false>>;
  struct Queue {
    SpinLock lock{Rank::run_queue};
    List threads;  // under lock
    std::atomic<unsigned> count{0};
  };
  Thread* take(Queue& queue, unsigned for_cpu);
  static constexpr unsigned max_cpus = 64;

  unsigned cpu_count_;
  std::array<Queue, max_cpus> queues_;
};

}  // namespace halcyon
