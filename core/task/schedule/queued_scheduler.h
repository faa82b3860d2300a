// QueuedScheduler: what schedulers with a queue per CPU have in common. A CPU takes the first thread of its queue that may run there; one
// without work takes from the longest other queue.
//
// `Queue` is an intrusive container of Thread::ScheduleNode, in the order in which threads run, with what else the scheduler keeps of each
// queue. `Policy` derives from this class and has
//   void entering(Queue&, Thread&, bool woken);  before a thread is inserted (at the end, where the container has no order)
//   void leaving(Queue&, Thread&);               when one was taken out to run
// both under the lock of that queue, and
//   void stolen(unsigned cpu, Thread&);          when that CPU took a thread from another's queue; without locks.
#pragma once

#include <array>
#include <atomic>

#include "core/base/lock_guard.h"
#include "core/sync/spin_lock.h"
#include "core/task/schedule/scheduler.h"
#include "core/task/thread.h"

namespace halcyon {

template <class Policy, class Queue>
class QueuedScheduler : public Scheduler {
 public:
  explicit QueuedScheduler(unsigned cpu_count) : cpu_count_(cpu_count) {}

  void enqueue(Thread& thread, unsigned cpu, bool woken) final {
    Shared& shared = queues_[cpu];
    LockGuard guard(shared.lock);
    policy().entering(shared.queue, thread, woken);
    thread.schedule_node.cpu = cpu;
    thread.schedule_node.is_queued = true;
    shared.queue.insert(shared.queue.end(), thread.schedule_node);
    shared.count.fetch_add(1, std::memory_order_relaxed);
  }

  Thread* pick(unsigned cpu) final {
    if (Thread* thread = take(queues_[cpu], cpu)) return thread;
    unsigned longest = cpu;
    unsigned most = 0;
    for (unsigned id = 0; id < cpu_count_; ++id) {
      unsigned count = count_of(id);
      if (id != cpu && count > most) most = count, longest = id;
    }
    if (most == 0) return nullptr;
    Thread* thread = take(queues_[longest], cpu);
    if (thread) policy().stolen(cpu, *thread);
    return thread;
  }

  bool dequeue(Thread& thread) final {
    Shared& shared = queues_[thread.schedule_node.cpu];
    LockGuard guard(shared.lock);
    if (!thread.schedule_node.is_queued) return false;
    remove(shared, thread.schedule_node);
    return true;
  }

  bool has_work(unsigned cpu) const final { return count_of(cpu) != 0; }

  unsigned ready_count() const final {
    unsigned count = 0;
    for (unsigned id = 0; id < cpu_count_; ++id) count += count_of(id);
    return count;
  }

 protected:
  template <class Action>
  auto with_queue(unsigned cpu, Action action) {
    LockGuard guard(queues_[cpu].lock);
    return action(queues_[cpu].queue);
  }

 private:
  // In cache lines of its own.
  struct alignas(64) Shared {
    SpinLock lock{Rank::run_queue};
    Queue queue GUARDED_BY(lock);
    std::atomic<unsigned> count{0};
  };

  Policy& policy() { return static_cast<Policy&>(*this); }
  unsigned count_of(unsigned cpu) const { return queues_[cpu].count.load(std::memory_order_relaxed); }

  void remove(Shared& shared, Thread::ScheduleNode& node) REQUIRES(shared.lock) {
    shared.queue.erase(shared.queue.iterator_to(node));
    shared.count.fetch_sub(1, std::memory_order_relaxed);
    node.is_queued = false;
  }

  Thread* take(Shared& shared, unsigned for_cpu) {
    if (shared.count.load(std::memory_order_relaxed) == 0) return nullptr;
    LockGuard guard(shared.lock);
    for (Thread::ScheduleNode& node : shared.queue) {
      if (!node.thread->can_run_on(for_cpu)) continue;
      remove(shared, node);
      policy().leaving(shared.queue, *node.thread);
      return node.thread;
    }
    return nullptr;
  }

  unsigned cpu_count_;
  std::array<Shared, hal::Machine::max_cpus> queues_;
};

}  // namespace halcyon
