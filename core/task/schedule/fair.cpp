#include "core/task/schedule/fair.h"

#include <algorithm>
#include <mutex>

namespace halcyon {

namespace {

int64_t weight_of(int nice) {
  int64_t weight = 1024;
  for (int step = 0; step < nice; ++step) weight = std::max<int64_t>(weight * 4 / 5, 1);
  for (int step = 0; step > nice; --step) weight = weight * 5 / 4;
  return weight;
}

void charge(Thread& thread, Nanoseconds elapsed) { thread.schedule_node.virtual_time += elapsed * 1024 / weight_of(thread.nice); }

}  // namespace

void Fair::enqueue(Thread& thread, unsigned cpu, bool woken) {
  Queue& queue = queues_[cpu];
  std::lock_guard guard(queue.lock);
  Thread::ScheduleNode& node = thread.schedule_node;
  // What it ran since the last tick is charged as half a millisecond at least, so that yielding rotates.
  if (!woken) charge(thread, 500'000);
  node.virtual_time = std::max(node.virtual_time, queue.minimum);
  node.cpu = cpu;
  node.is_queued = true;
  queue.threads.insert(node);
  queue.count.fetch_add(1, std::memory_order_relaxed);
}

Thread* Fair::take(Queue& queue, unsigned for_cpu) {
  if (queue.count.load(std::memory_order_relaxed) == 0) return nullptr;
  std::lock_guard guard(queue.lock);
  for (Thread::ScheduleNode& node : queue.threads) {
    if (!node.thread->can_run_on(for_cpu)) continue;
    queue.threads.erase(queue.threads.iterator_to(node));
    queue.count.fetch_sub(1, std::memory_order_relaxed);
    queue.minimum = std::max(queue.minimum, node.virtual_time);
    node.is_queued = false;
    return node.thread;
  }
  return nullptr;
}

Thread* Fair::pick(unsigned cpu) {
  if (Thread* thread = take(queues_[cpu], cpu)) return thread;
  unsigned longest = cpu;
  unsigned most = 0;
  for (unsigned id = 0; id < cpu_count_; ++id) {
    unsigned count = queues_[id].count.load(std::memory_order_relaxed);
    if (id != cpu && count > most) most = count, longest = id;
  }
  if (most == 0) return nullptr;
  Thread* stolen = take(queues_[longest], cpu);
  if (stolen) {
    // Virtual times of different queues do not compare: a stolen thread starts at the new queue's minimum.
    std::lock_guard guard(queues_[cpu].lock);
    stolen->schedule_node.virtual_time = queues_[cpu].minimum;
  }
  return stolen;
}

bool Fair::dequeue(Thread& thread) {
  Queue& queue = queues_[thread.schedule_node.cpu];
  std::lock_guard guard(queue.lock);
  if (!thread.schedule_node.is_queued) return false;
  queue.threads.erase(queue.threads.iterator_to(thread.schedule_node));
  queue.count.fetch_sub(1, std::memory_order_relaxed);
  thread.schedule_node.is_queued = false;
  return true;
}

bool Fair::has_work(unsigned cpu) const { return queues_[cpu].count.load(std::memory_order_relaxed) != 0; }

bool Fair::tick(Thread& current, unsigned cpu, Nanoseconds elapsed) {
  charge(current, elapsed);
  Queue& queue = queues_[cpu];
  std::lock_guard guard(queue.lock);
  return !queue.threads.empty() && queue.threads.begin()->virtual_time < current.schedule_node.virtual_time;
}

unsigned Fair::ready_count() const {
  unsigned count = 0;
  for (unsigned id = 0; id < cpu_count_; ++id) count += queues_[id].count.load(std::memory_order_relaxed);
  return count;
}

}  // namespace halcyon
