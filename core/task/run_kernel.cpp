// The kernel object's own life: start, the idle loop of each CPU, pending work, the built-in reaper, shutting down.
#include "core/base/assert.h"
#include "core/base/lock_guard.h"
#include "core/task/kernel.h"

namespace halcyon {

Kernel::Kernel(hal::Machine& machine, const KernelOptions& options)
    : machine_(machine), options_(options), clock_(machine), frames_(&machine, machine.direct_map(), machine.memory()), heap_(frames_) {
  for (unsigned id = 0; id < machine.cpu_count(); ++id) {
    PerCpu& cpu = per_cpu_[id];
    cpu.cpu = &machine.cpu(id);
    cpu.frames = &frames_;
    cpu.heap = &heap_;
    cpu.kernel = this;
    cpu.cpu->per_cpu = &cpu;
  }
  thread_limit_ = std::max<uint64_t>(frames_.total_pages() / 8, 64);
  // As on Linux: a hundredth of memory, of which a watch takes more than a kilobyte.
  constexpr uint64_t watch_cost = 1288;
  notifications_.max_user_watches =
      static_cast<int>(std::clamp<uint64_t>(frames_.total_pages() / 100 * page_size / watch_cost, 8192, 1048576));
  options.host_name.copy(host_name.data(), host_name.size() - 1);
  std::string_view("(none)").copy(domain_name.data(), domain_name.size() - 1);
}

Result<> Kernel::initialize(Own<Scheduler> scheduler, Personality& personality) {
  scheduler_ = std::move(scheduler);
  personality_ = &personality;
  machine_.random(boot_id_);
  Ref<Process> idle_process = TRY(make_ref<Process>(*this, 0));
  // What the kernel does on its own behalf, before and after it runs, it does as root.
  Ref<Credentials> root = TRY(make_ref<Credentials>());
  root->permitted = root->effective = capability::all;
  for (unsigned id = 0; id < machine_.cpu_count(); ++id) {
    // The idle thread has no stack of its own: it is whatever stack its CPU started on.
    idle_threads_[id] = TRY(make_ref<Thread>(*idle_process, 0));
    Thread& idle = *idle_threads_[id];
    idle.resources().credentials = root;
    idle.state_.store(RunState::running);
    idle.is_on_cpu_.store(true);
    idle.last_cpu = id;
    per_cpu_[id].idle = &idle;
    per_cpu_[id].current = &idle;
    Own<HeapCache> cache = TRY(make<HeapCache>());
    per_cpu_[id].heap_cache = cache.release();
  }
  idle_process_ = std::move(idle_process);
  for (unsigned id = 1; id < machine_.cpu_count(); ++id) machine_.start_cpu(id, cpu_entry, &per_cpu_[id]);
  return options_.first_program_is_init ? Result<>() : start_init();
}

void Kernel::end() {
  if (thread_count.load() == 0) return;
  shut_down(final_status_.load());
  run();
}

Kernel::~Kernel() {
  end();
  for (unsigned id = 0; id < machine_.cpu_count(); ++id) {
    per_cpu_[id].current = nullptr;
    idle_threads_[id] = nullptr;
  }
  idle_process_ = nullptr;
  scheduler_.reset();
  for (Process& process : processes_) {  // in whatever order they go, none looks for its parent
    process.children.clear();
    process.parent = nullptr;
  }
  while (!processes_.empty()) remove_process(processes_.front());
  for (unsigned id = 0; id < machine_.cpu_count(); ++id) drop_heap_cache(per_cpu_[id]);
  if (options_.remains) *options_.remains = {heap_.live_objects(), free_at_start_ - frames_.free_pages() - heap_.pages()};
  for (unsigned id = 0; id < machine_.cpu_count(); ++id) machine_.cpu(id).per_cpu = nullptr;
}

void Kernel::drop_heap_cache(PerCpu& cpu) {
  HeapCache* cache = std::exchange(cpu.heap_cache, nullptr);
  if (!cache) return;
  heap_.empty(*cache);
  Own<HeapCache>(cache).reset();
}

void Kernel::cpu_entry(void* argument) {
  auto& cpu = *static_cast<PerCpu*>(argument);
  for (;;) cpu.kernel->idle_loop();
}

// Runs threads as long as there are any, then halts. Returns on CPU 0 when the last thread is gone.
void Kernel::idle_loop() {
  for (;;) {
    PerCpu& cpu = halcyon::per_cpu();
    drain_pending();
    // Whoever queues a thread here and does not see that this CPU is idle queued it before this look: make_ready() has the other fence.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (scheduler_->has_work(cpu.cpu->id())) {
      uint64_t switches = cpu.counters.switches.value();
      yield();
      // What is queued may have to wait for another CPU to leave its stack.
      if (cpu.counters.switches.value() == switches) hal::spin_pause();
      continue;
    }
    if (cpu.cpu->id() == 0 && thread_count.load(std::memory_order_acquire) == 0) return;
    cpu.idle_since = clock_.monotonic();
    hal::idle();
    cpu.idle_time += clock_.monotonic() - std::exchange(cpu.idle_since, -1);
  }
}

int Kernel::run() {
  idle_loop();
  return final_status_.load();
}

void Kernel::program_deadline() {
  PerCpu& cpu = halcyon::per_cpu();
  Nanoseconds deadline = timers_.next();
  if (cpu.current != cpu.idle) {
    Nanoseconds now = clock_.monotonic();
    if (cpu.next_tick <= now) cpu.next_tick = now + options_.time_slice;
    deadline = std::min(deadline, cpu.next_tick);
  }
  cpu.cpu->set_deadline(clock_.to_machine(deadline));
}

void Kernel::tick(Nanoseconds now) {
  PerCpu& cpu = halcyon::per_cpu();
  cpu.next_tick = now + options_.time_slice;
  if (cpu.current == cpu.idle) return;
  if (scheduler_->tick(*cpu.current, cpu.cpu->id(), options_.time_slice)) cpu.must_reschedule = true;
  // A thread that has the CPU to itself leaves a restartable sequence in which it spins, as Linux's own threads make it do now and then.
  else cpu.current->note_interruption();
  if (now >= next_load_sample_.load(std::memory_order_relaxed)) sample_load(now);
}

unsigned Kernel::running_count() const {
  unsigned count = scheduler_->ready_count();
  for (unsigned id = 0; id < machine_.cpu_count(); ++id) count += !per_cpu_[id].is_idle();
  return count;
}

// An exponential average over 1, 5 and 15 minutes, sampled every 5 seconds (getloadavg(3)). Samples that nobody took are those of times in
// which every CPU was halted.
void Kernel::sample_load(Nanoseconds now) {
  constexpr uint64_t decay[3] = {60330, 64453, 65174};  // e^(-5/60), e^(-5/300), e^(-5/900) times 65536
  constexpr Nanoseconds longest = 2000;                 // samples, after which nothing is left of the oldest average
  Nanoseconds due = next_load_sample_.load(std::memory_order_relaxed);
  if (!next_load_sample_.compare_exchange_strong(due, now + load_period, std::memory_order_relaxed)) return;
  auto fold = [&](uint64_t active) {
    for (unsigned index = 0; index < 3; ++index) load_[index] = (load_[index] * decay[index] + active * (65536 - decay[index])) >> 16;
  };
  for (Nanoseconds missed = std::min((now - due) / load_period, longest); missed > 0; --missed) fold(0);
  fold(uint64_t{running_count()} << 16);
}

std::array<uint64_t, 3> Kernel::load_averages() {
  Nanoseconds now = clock_.monotonic();
  if (now >= next_load_sample_.load(std::memory_order_relaxed)) sample_load(now);
  return {load_[0].load(), load_[1].load(), load_[2].load()};
}

void Kernel::drain_pending() {
  PerCpu& cpu = halcyon::per_cpu();
  uint32_t bits = cpu.cpu->take_pending();
  if (bits == 0) return;
  if (bits & hal::pending::event) {
    for (EventHandler* handler = event_handlers_; handler; handler = handler->next)
      if (handler->event->take()) handler->handle(*handler);
  }
  if (bits & hal::pending::deadline) pass_deadlines();
}

void Kernel::drain_pending_and_deadlines() {
  drain_pending();
  if (clock_.monotonic() >= std::min(halcyon::per_cpu().next_tick, timers_.next())) pass_deadlines();
}

void Kernel::pass_deadlines() {
  timers_.run_expired();
  Nanoseconds now = clock_.monotonic();
  if (now >= halcyon::per_cpu().next_tick) tick(now);
  program_deadline();
}

KernelStatistics Kernel::statistics() const {
  KernelStatistics sum;
  for (unsigned id = 0; id < machine_.cpu_count(); ++id) {
    const KernelCounters& counters = per_cpu_[id].counters;
    sum.system_calls += counters.system_calls.value();
    sum.page_faults += counters.page_faults.value();
    sum.switches += counters.switches.value();
    sum.interrupts += counters.interrupts.value();
  }
  return sum;
}

void Kernel::add_event_handler(EventHandler& handler) {
  handler.next = event_handlers_;
  event_handlers_ = &handler;
}

void Kernel::make_ready(Thread& thread, bool woken) {
  uint64_t allowed = thread.affinity.load(std::memory_order_relaxed);
  unsigned count = machine_.cpu_count();
  unsigned target = thread.last_cpu;
  auto may_run_on = [&](unsigned id) { return (allowed >> id & 1) != 0; };
  auto is_idle = [&](unsigned id) { return per_cpu_[id].is_idle() && !scheduler_->has_work(id); };
  if (count > 1 && (!may_run_on(target) || !is_idle(target))) {
    for (unsigned step = 0; step < count; ++step) {
      unsigned id = (thread.last_cpu + step) % count;
      if (!may_run_on(id)) continue;
      if (!may_run_on(target)) target = id;
      if (is_idle(id)) {
        target = id;
        break;
      }
    }
  }
  scheduler_->enqueue(thread, target, woken);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (target != hal::this_cpu().id() && per_cpu_[target].is_idle()) machine_.cpu(target).kick();
}

// --- init

Result<> Kernel::start_init() {
  LockGuard guard(tree_);
  int pid = TRY(allocate_id());
  Ref<Process> process = TRY(add_process(pid, nullptr));
  set_group(*process, pid);
  process->session = TRY(make_ref<Session>(pid));
  process->limits = default_limits(frames_.total_pages());
  Ref<Thread> thread = TRY(Thread::create_kernel(*process, pid, reaper, this));
  thread->resources().credentials = idle_threads_[0]->resources().credentials;
  std::string_view("init").copy(thread->name.data(), thread->name.size() - 1);
  set_init(*process);
  add_thread(*thread);
  thread->start();
  return {};
}

void Kernel::set_init(Process& process) {
  init_ = &process;
  process.is_unkillable = true;
}

// Pid 1: waits for orphans until the kernel shuts down and the last of them is gone.
void Kernel::reaper(void* argument) {
  auto& kernel = *static_cast<Kernel*>(argument);
  Thread& self = current_thread();
  Process& init = self.process();
  WaitRequest request;
  request.exited = true;
  request.no_hang = true;
  request.all_children = true;
  for (;;) {
    auto reaped = wait_for_child(self, request);
    if (reaped && reaped->pid != 0) continue;
    if (!reaped && kernel.is_shutting_down()) return;
    static_cast<void>(init.child_event.wait_until(
        [&] {
          LockGuard guard(kernel.tree());
          if (kernel.is_shutting_down() && init.children.empty()) return true;
          for (Process& child : init.children)
            if (child.is_zombie) return true;
          return false;
        },
        never, Interruptible::no));
  }
}

void Kernel::note_exit(Process& process) {
  if (process.pid() == main_pid_ && !is_shutting_down()) shut_down(process.wait_status);
  check_job();
}

void Kernel::note_death(Thread& thread, const SignalInfo& info) {
  if (death_observer_ && thread.process().pid() == main_pid_ && !is_shutting_down()) death_observer_->dies(thread, info);
}

// A key that stops the main program, or a terminal that it may not use, stops the job, whatever else goes on; SIGSTOP only when nobody is
// left who could continue it.
void Kernel::check_job() {
  Process* main = job_owner_ && !is_shutting_down() ? main_process() : nullptr;
  if (!main || !main->is_stopped) return;
  if (main->stop_signal == sig::stop) {
    for (Process& process : processes_)
      if (&process != init_ && !process.is_zombie && !process.is_stopped) return;
  }
  job_owner_->all_stopped(main->stop_signal);
}

void Kernel::shut_down(int status, Ending ending) {
  final_status_.store(status);
  ending_ = ending;
  is_shutting_down_.store(true, std::memory_order_release);
  for (Process& process : processes_)
    if (&process != init_ || options_.first_program_is_init) process.begin_exit(killed_status(sig::kill));
  if (init_) init_->child_event.wake_all();
}

}  // namespace halcyon
