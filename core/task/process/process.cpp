// What concerns a process as a whole: its end, its limits, its use of resources.
#include "core/task/process/process.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"

namespace halcyon {

Process::~Process() = default;

ResourceLimit Process::limit(Limit which) {
  LockGuard guard(limits_lock);
  return limits[static_cast<unsigned>(which)];
}

Thread* Process::main_thread() {
  if (threads.empty() || threads.front().tid() == pid_) return threads.empty() ? nullptr : &threads.front();
  Thread* leader = kernel_.find_thread(pid_);
  return leader ? leader : &threads.front();
}

ResourceUse Process::use() {
  LockGuard guard(kernel_.tree());
  ResourceUse total = dead_threads_use;
  for (Thread& thread : threads) {
    ResourceUse one;
    one.user_time = thread.user_time;
    one.system_time = thread.system_time;
    one.minor_faults = thread.minor_faults;
    one.major_faults = thread.major_faults;
    one.voluntary_switches = thread.voluntary_switches;
    one.involuntary_switches = thread.involuntary_switches;
    if (thread.has_memory()) one.max_resident_pages = thread.memory().peak_resident_pages();
    total.add(one);
  }
  return total;
}

void Process::begin_exit(int status) {
  LockGuard guard(signal_lock);
  if (!is_exiting) {
    is_exiting = true;
    exit_status = status;
  }
  for (Thread& thread : threads) {
    thread.add_work(work::die);
    thread.wake_if_interruptible();
  }
  resumed.wake_all();
}

Result<> Process::become_single_threaded(Thread& survivor) {
  {
    LockGuard guard(signal_lock);
    if (is_exiting || executing) return err::again;
    executing = &survivor;
    for (Thread& thread : threads) {
      if (&thread == &survivor) continue;
      thread.add_work(work::die);
      thread.wake_if_interruptible();
    }
    resumed.wake_all();
  }
  auto alone = [&] { return live_threads.load(std::memory_order_acquire) == 1; };
  static_cast<void>(thread_event.wait_until(alone, never, Interruptible::no));
  LockGuard tree_guard(kernel_.tree());
  LockGuard guard(signal_lock);
  executing = nullptr;
  if (is_exiting) return err::intr;
  // Whoever executes is the process from now on: its id becomes the leader's, which is free.
  kernel_.set_thread_id(survivor, pid_);
  for (Process& child : children) child.parent_tid = pid_;
  return {};
}

}  // namespace halcyon
