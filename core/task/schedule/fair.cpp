#include "core/task/schedule/fair.h"

#include <algorithm>

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

void Fair::entering(FairQueue& queue, Thread& thread, bool woken) {
  // What it ran since the last tick is charged as half a millisecond at least, so that yielding rotates.
  if (!woken) charge(thread, 500'000);
  int64_t& time = thread.schedule_node.virtual_time;
  time = std::max(time, queue.minimum);
}

void Fair::leaving(FairQueue& queue, Thread& thread) { queue.minimum = std::max(queue.minimum, thread.schedule_node.virtual_time); }

// Virtual times of different queues do not compare.
void Fair::stolen(unsigned cpu, Thread& thread) {
  thread.schedule_node.virtual_time = with_queue(cpu, [](FairQueue& queue) { return queue.minimum; });
}

bool Fair::tick(Thread& current, unsigned cpu, Nanoseconds elapsed) {
  charge(current, elapsed);
  return with_queue(cpu,
                    [&](FairQueue& queue) { return !queue.empty() && queue.begin()->virtual_time < current.schedule_node.virtual_time; });
}

}  // namespace halcyon
