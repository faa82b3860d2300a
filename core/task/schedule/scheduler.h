// Scheduler: which ready thread runs next on a CPU. An interface with several policies, chosen by a kernel option; each has its own lock
// (rank run_queue) and is called with no other run-queue lock held.
#pragma once

#include <string_view>

#include "core/base/own.h"
#include "core/base/types.h"

namespace halcyon {

class Thread;

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual std::string_view name() const = 0;

  // Makes a ready thread a candidate on `cpu`. `woken`: it was blocked (a policy may favour it); otherwise its slice ended or it yielded.
  virtual void enqueue(Thread& thread, unsigned cpu, bool woken) = 0;
  // Takes out the best candidate for `cpu`, stealing from another CPU's if it has none; null if there is nothing to run.
  virtual Thread* pick(unsigned cpu) = 0;
  // Takes out a thread that waits to run, if it still does: its affinity changed.
  virtual bool dequeue(Thread& thread) = 0;
  // A candidate waits for `cpu`.
  virtual bool has_work(unsigned cpu) const = 0;
  // `current` ran for `elapsed` nanoseconds since the last call. True if another should run now.
  virtual bool tick(Thread& current, unsigned cpu, Nanoseconds elapsed) = 0;
  virtual unsigned ready_count() const = 0;
};

// "round-robin" or "fair". EINVAL for another name.
Result<Own<Scheduler>> make_scheduler(std::string_view name, unsigned cpu_count);

}  // namespace halcyon
