// Parking, waking and switching threads.
//
// A thread's state moves running -> parking (it has enlisted and will look at its condition once more) -> parked -> ready -> running.
// wake() turns parking back into running, and parked into ready; both by compare-and-exchange, so of many wakers one queues the thread. A
// thread can be queued while its own CPU is still switching away from it: until is_on_cpu_ says that its stack is free, other CPUs leave it
// in the queue.
#include "core/base/assert.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"

namespace halcyon {

// The first thing that runs on the stack switched to: the thread that was left is off its CPU now.
void finish_switch() {
  PerCpu& cpu = per_cpu();
  Thread* previous = std::exchange(cpu.previous, nullptr);
  if (!previous) return;
  bool is_dead = previous->state() == RunState::dead;
  previous->is_on_cpu_.store(false, std::memory_order_release);
  if (!is_dead) return;
  bool was_counted = previous->is_counted_;
  // The scheduler's reference; the stack goes with the last one.
  Ref<Thread>::adopt(previous);
  // Only now, for CPU 0 takes the kernel apart when nobody is left.
  if (was_counted && cpu.kernel->thread_count.fetch_sub(1, std::memory_order_acq_rel) == 1) cpu.kernel->machine().cpu(0).kick();
}

void switch_to(Thread& next) {
  PerCpu& cpu = per_cpu();
  Thread& self = *cpu.current;
  next.state_.store(RunState::running, std::memory_order_relaxed);
  if (&next == &self) return;
  ASSERT(!next.is_on_cpu_.load(std::memory_order_acquire));
  next.is_on_cpu_.store(true, std::memory_order_relaxed);
  Kernel& kernel = *cpu.kernel;
  if (self.context_ && kernel.cpu_count() > 1) cpu.cpu->put_back(*self.context_);
  if (next.last_cpu != cpu.cpu->id()) next.note_interruption();
  next.last_cpu = cpu.cpu->id();
  // Whoever leaves was just accounted for, up to now; only the idle thread is not.
  next.ran_since = &self == cpu.idle ? kernel.clock().monotonic() : self.ran_since;
  cpu.previous = &self;
  cpu.current = &next;
  cpu.counters.switches.add();
  if ((&self == cpu.idle) != (&next == cpu.idle)) kernel.program_deadline();
  hal::switch_stack(self.stack_, next.stack_);
  finish_switch();
}

namespace {

// Runs another thread; the caller's state says already that it does not run.
void schedule() {
  PerCpu& cpu = per_cpu();
  cpu.must_reschedule = false;
  Thread* next = cpu.kernel->scheduler().pick(cpu.cpu->id());
  switch_to(next ? *next : *cpu.idle);
}

struct WakeTimer : Timer {
  Thread* thread = nullptr;
  std::atomic<bool> has_fired{false};
};

void wake_expired(Timer& timer) {
  auto& wake = static_cast<WakeTimer&>(timer);
  wake.has_fired.store(true, std::memory_order_release);
  wake.thread->wake();
}

}  // namespace

bool Thread::can_run_on(unsigned cpu) const {
  if (!(affinity.load(std::memory_order_relaxed) >> cpu & 1)) return false;
  return !is_on_cpu_.load(std::memory_order_acquire) || this == halcyon::per_cpu().current;
}

Result<> make_way(Interruptible interruptible) {
  assert_no_spin_lock();
  if (!per_cpu().kernel) return {};
  kernel().drain_pending_and_deadlines();
  if (per_cpu().must_reschedule) yield();
  Thread& self = current_thread();
  uint32_t work = self.pending_work();
  if (work & work::die) return err::intr;
  return (work & work::signal) && interruptible == Interruptible::yes && self.has_deliverable_signal() ? err::intr : Result<>();
}

void yield() {
  PerCpu& cpu = per_cpu();
  cpu.must_reschedule = false;
  Scheduler& scheduler = cpu.kernel->scheduler();
  unsigned id = cpu.cpu->id();
  Thread& self = *cpu.current;
  bool must_move = &self != cpu.idle && (self.affinity.load(std::memory_order_relaxed) >> id & 1) == 0;
  if (!must_move && !scheduler.has_work(id)) return;
  if (&self == cpu.idle) return schedule();
  self.account();
  self.state_.store(RunState::ready, std::memory_order_relaxed);
  if (must_move) cpu.kernel->make_ready(self, false);
  else scheduler.enqueue(self, id, false);
  schedule();
}

void prepare_to_park() { current_thread().state_.store(RunState::parking, std::memory_order_seq_cst); }

void cancel_park() { current_thread().state_.store(RunState::running, std::memory_order_relaxed); }

Result<> park(Nanoseconds deadline, Interruptible interruptible) {
  Thread& self = current_thread();
  Kernel& kernel = self.kernel();
  bool may_interrupt = interruptible != Interruptible::no;
  auto is_interrupted = [&] {
    if (interruptible == Interruptible::by_death) return self.is_dying();
    return (self.pending_work() & (work::signal | work::die)) && self.has_deliverable_signal();
  };
  if (may_interrupt) {
    self.is_interruptible_.store(true, std::memory_order_seq_cst);
    if (is_interrupted()) {
      self.is_interruptible_.store(false, std::memory_order_relaxed);
      cancel_park();
      return err::intr;
    }
  }
  WakeTimer timer;
  if (deadline != never) {
    timer.thread = &self;
    timer.expired = wake_expired;
    kernel.timers().arm(timer, deadline);
  }
  kernel.drain_pending();
  RunState expected = RunState::parking;
  if (self.state_.compare_exchange_strong(expected, RunState::parked, std::memory_order_acq_rel)) {
    self.voluntary_switches.fetch_add(1, std::memory_order_relaxed);
    self.account();
    schedule();
  }
  if (deadline != never) kernel.timers().disarm(timer);
  if (may_interrupt) {
    self.is_interruptible_.store(false, std::memory_order_relaxed);
    if (is_interrupted()) return err::intr;
  }
  if (deadline != never && timer.has_fired.load(std::memory_order_acquire)) return err::timedout;
  return {};
}

bool Thread::wake() {
  RunState state = state_.load(std::memory_order_seq_cst);
  for (;;) {
    if (state == RunState::parking) {
      if (state_.compare_exchange_weak(state, RunState::running, std::memory_order_acq_rel)) return true;
    } else if (state == RunState::parked) {
      if (!state_.compare_exchange_weak(state, RunState::ready, std::memory_order_acq_rel)) continue;
      kernel().make_ready(*this, true);
      return true;
    } else {
      return false;
    }
  }
}

void Thread::wake_if_interruptible() {
  if (is_interruptible_.load(std::memory_order_seq_cst)) wake();
}

void Thread::add_work(uint32_t bits) {
  work_.fetch_or(bits, std::memory_order_seq_cst);
  // A thread in user mode on another CPU looks at its work when that CPU's run() returns.
  if (state() == RunState::running && this != per_cpu().current) kernel().machine().cpu(last_cpu).kick();
}

void switch_away_dead() {
  PerCpu& cpu = per_cpu();
  Thread& self = *cpu.current;
  self.state_.store(RunState::dead, std::memory_order_release);
  cpu.must_reschedule = false;
  Thread* picked = cpu.kernel->scheduler().pick(cpu.cpu->id());
  Thread& next = picked ? *picked : *cpu.idle;
  next.state_.store(RunState::running, std::memory_order_relaxed);
  ASSERT(!next.is_on_cpu_.load(std::memory_order_acquire));
  next.is_on_cpu_.store(true, std::memory_order_relaxed);
  if (next.last_cpu != cpu.cpu->id()) next.note_interruption();
  next.last_cpu = cpu.cpu->id();
  next.ran_since = cpu.kernel->clock().monotonic();
  cpu.previous = &self;
  cpu.current = &next;
  if (&next == cpu.idle) cpu.kernel->program_deadline();
  hal::leave_stack(self.stack_, next.stack_);
}

}  // namespace halcyon
