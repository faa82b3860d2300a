#include "core/task/schedule/round_robin.h"

#include <mutex>

namespace halcyon {

void RoundRobin::enqueue(Thread& thread, unsigned cpu, bool) {
  Queue& queue = queues_[cpu];
  std::lock_guard guard(queue.lock);
  thread.schedule_node.cpu = cpu;
  thread.schedule_node.is_queued = true;
  queue.threads.push_back(thread.schedule_node);
  queue.count.fetch_add(1, std::memory_order_relaxed);
}

Thread* RoundRobin::take(Queue& queue, unsigned for_cpu) {
  if (queue.count.load(std::memory_order_relaxed) == 0) return nullptr;
  std::lock_guard guard(queue.lock);
  for (Thread::ScheduleNode& node : queue.threads) {
    if (!node.thread->can_run_on(for_cpu)) continue;
    queue.threads.erase(queue.threads.iterator_to(node));
    queue.count.fetch_sub(1, std::memory_order_relaxed);
    node.is_queued = false;
    return node.thread;
  }
  return nullptr;
}

Thread* RoundRobin::pick(unsigned cpu) {
  if (Thread* thread = take(queues_[cpu], cpu)) return thread;
  unsigned longest = cpu;
  unsigned most = 0;
  for (unsigned id = 0; id < cpu_count_; ++id) {
    unsigned count = queues_[id].count.load(std::memory_order_relaxed);
    if (id != cpu && count > most) most = count, longest = id;
  }
  return most > 0 ? take(queues_[longest], cpu) : nullptr;
}

bool RoundRobin::dequeue(Thread& thread) {
  Queue& queue = queues_[thread.schedule_node.cpu];
  std::lock_guard guard(queue.lock);
  if (!thread.schedule_node.is_queued) return false;
  queue.threads.erase(queue.threads.iterator_to(thread.schedule_node));
  queue.count.fetch_sub(1, std::memory_order_relaxed);
  thread.schedule_node.is_queued = false;
  return true;
}

bool RoundRobin::has_work(unsigned cpu) const { return queues_[cpu].count.load(std::memory_order_relaxed) != 0; }

bool RoundRobin::tick(Thread&, unsigned cpu, Nanoseconds) { return has_work(cpu); }

unsigned RoundRobin::ready_count() const {
  unsigned count = 0;
  for (unsigned id = 0; id < cpu_count_; ++id) count += queues_[id].count.load(std::memory_order_relaxed);
  return count;
}

}  // namespace halcyon
