// Kernel: the object that owns everything (decision: no mutable globals). Made by make_kernel (syscalls/boot.h), reached by this_cpu().
#pragma once

#include <atomic>

#include "core/base/own.h"
#include "core/base/string.h"
#include "core/file/async.h"
#include "core/file/change_counter.h"
#include "core/file/file_locks.h"
#include "core/file/watch/leases.h"
#include "core/file/watch/notifications.h"
#include "core/ipc/futex/pi_futex.h"
#include "core/mm/frames/frame_allocator.h"
#include "core/mm/frames/heap.h"
#include "core/sync/mutex.h"
#include "core/task/personality.h"
#include "core/task/process/process.h"
#include "core/task/schedule/per_cpu.h"
#include "core/task/schedule/scheduler.h"
#include "core/time/clock.h"
#include "core/time/timer.h"

namespace halcyon {

// Somebody who looks at a device when it has raised its Event. Registered for the kernel's lifetime.
struct EventHandler {
  hal::Event* event = nullptr;
  void (*handle)(EventHandler&) = nullptr;  // must not block
  EventHandler* next = nullptr;
};

// Why a kernel ends, and what the machine should do then (reboot(2)).
enum class Ending : uint8_t { main_exit, power_off, halt, restart };

// What a kernel left behind when it had ended: nothing, unless something leaked.
struct KernelRemains {
  uint64_t objects = 0;  // in the heap
  uint64_t pages = 0;    // frames, without those that the heap keeps for itself
};

struct KernelOptions {
  std::string_view scheduler = "round-robin";
  std::string_view host_name = "halcyon";
  std::string_view command_line;  // /proc/cmdline; outlives the kernel
  unsigned fault_around = 4;      // pages per anonymous fault, 1 to 4
  Nanoseconds time_slice = 4'000'000;
  bool first_program_is_init = false;  // it is pid 1; otherwise that is a reaper of the kernel's own
  KernelRemains* remains = nullptr;    // filled in by ~Kernel if wanted
};

// Who started the kernel as one job among his, as a shell does with the hosted one.
class JobOwner {
 public:
  // The main program was stopped by `signal`, and nothing else can run. Under the tree lock; must not block.
  virtual void all_stopped(int signal) = 0;

 protected:
  ~JobOwner() = default;
};

// Is told when the main program dies of a signal, by the thread that took it, while its registers and memory are still there. May block.
class DeathObserver {
 public:
  virtual void dies(Thread& thread, const SignalInfo& info) = 0;

 protected:
  ~DeathObserver() = default;
};

// Observes every system call, for strace and statistics. Called on the thread's own stack; may block.
class SyscallObserver {
 public:
  virtual ~SyscallObserver() = default;
  virtual void enter(Thread& self, uint64_t number) = 0;
  virtual void leave(Thread& self, uint64_t number, uint64_t result) = 0;
  virtual void signal(Thread& self, const SignalInfo& info) = 0;
  virtual void exited(Thread& self, int status) = 0;
};

// What all CPUs counted since the start.
struct KernelStatistics {
  uint64_t system_calls = 0, page_faults = 0, switches = 0, interrupts = 0;
};

class Kernel {
 public:
  // Installs itself in the machine's CPUs; the caller's stack becomes CPU 0's idle thread. ENOMEM, EINVAL.
  Kernel(hal::Machine& machine, const KernelOptions& options);
  Result<> initialize(Own<Scheduler> scheduler, Personality& personality);
  ~Kernel();
  // Kills all threads and runs until the last has unwound. Nothing runs afterwards.
  void end();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  hal::Machine& machine() { return machine_; }
  Clock& clock() { return clock_; }
  TimerQueue& timers() { return timers_; }
  Scheduler& scheduler() { return *scheduler_; }
  Personality& personality() { return *personality_; }
  FrameAllocator& frames() { return frames_; }
  Heap& heap() { return heap_; }
  std::atomic<uint32_t> max_pipe_size{1 << 20};  // without CAP_SYS_RESOURCE: /proc/sys/fs/pipe-max-size
  // Inode numbers of pipes and other files outside any file system.
  uint64_t next_anonymous_inode() { return anonymous_inodes_.fetch_add(1, std::memory_order_relaxed); }
  FileLocks& file_locks() { return file_locks_; }
  Leases& leases() { return leases_; }
  Notifications& notifications() { return notifications_; }
  Mutex& epoll_lock() { return epoll_lock_; }  // what epoll files watch (core/ipc/epoll.h)
  AsyncFiles& async_files() { return async_files_; }
  FutexTable& futexes() { return futexes_; }
  PiFutexes& pi_futexes() { return pi_futexes_; }
  const KernelOptions& options() const { return options_; }
  const std::array<std::byte, 16>& boot_id() const { return boot_id_; }  // random, of this start

  // --- processes (processes.cpp). The process-tree lock protects all that process.h marks "tree".
  Mutex& tree() { return tree_; }
  // An unused id for a thread or process; EAGAIN when none is left.
  Result<int> allocate_id();
  // Whether a thread, process, group or session has it. Under the tree lock, as the next.
  bool is_id_in_use(int id);
  // Takes this id, which is in [1, id_limit). EEXIST.
  Result<> claim_id(int id);
  // Under the tree lock: lookups and membership. The list holds a reference per process.
  Process* find_process(int pid);
  Process* next_process(int pid);  // the one with the lowest pid >= `pid`, for /proc; null at the end
  Thread* find_thread(int tid);
  Thread* next_thread(int tid);  // as next_process
  // The process with that id, or the one whose thread has it.
  Process* find_process_of(int id);
  Result<Ref<Process>> add_process(int pid, Process* parent);
  void remove_process(Process& process);  // a zombie was waited for
  // Enters a new thread in its process, which then holds a reference to it; start() comes after.
  void add_thread(Thread& thread);
  // Takes it out of its process, under signal_lock too, and gives the reference.
  Ref<Thread> remove_thread(Thread& thread);
  // Of a thread that is in a process.
  void set_thread_id(Thread& thread, int tid);
  using ProcessList = boost::intrusive::list<Process, boost::intrusive::base_hook<ProcessHook>, boost::intrusive::constant_time_size<true>>;
  ProcessList& processes() { return processes_; }
  using Groups = boost::intrusive::multiset<Process, boost::intrusive::base_hook<GroupHook>, boost::intrusive::key_of_value<ProcessGroup>,
                                            boost::intrusive::constant_time_size<false>>;
  struct Members {
    explicit Members(std::pair<Groups::iterator, Groups::iterator> range) : range_(range) {}
    auto begin() const { return range_.first; }
    auto end() const { return range_.second; }
    bool is_empty() const { return range_.first == range_.second; }

   private:
    std::pair<Groups::iterator, Groups::iterator> range_;
  };
  void set_group(Process& process, int group);
  // The members of a process group, zombies included.
  Members group_members(int group) { return Members(groups_.equal_range(group)); }
  // Of the threads in processes, until each has left its stack.
  std::atomic<uint64_t> thread_count{0};
  std::atomic<uint64_t> forks{0};
  uint64_t thread_limit() const { return thread_limit_; }
  Process* init() { return init_; }           // pid 1: the reaper, or the first program
  static constexpr int id_limit = 4'194'304;  // /proc/sys/kernel/pid_max: ids are below
  int last_id() const { return last_id_.load(std::memory_order_relaxed); }

  // --- running (run_kernel.cpp)
  // Creates pid 1, the built-in reaper. When the process `main_pid` exits, the rest is ended and run() returns its wait4 status.
  Result<> start_init();
  void set_main_process(int pid) { main_pid_ = pid; }
  // Null when it is gone. Under the tree lock.
  Process* main_process() { return find_process(main_pid_); }
  // From now on the main process's group has a parent outside, which stops and continues it. Before run().
  void set_job_owner(JobOwner& owner) { job_owner_ = &owner; }
  void set_death_observer(DeathObserver& observer) { death_observer_ = &observer; }
  // `thread` is about to end its process because of `info`; a SIGKILL by the kernel itself: memory ran out.
  void note_death(Thread& thread, const SignalInfo& info);
  bool is_controlled_from_outside(const Process& process) const { return job_owner_ && process.pid() == main_pid_; }
  // The first program is to be pid 1: it takes no signal that it does not handle, and gets the orphans. Under the tree lock.
  void set_init(Process& process);
  int run();
  // A process has become a zombie. Under the tree lock.
  void note_exit(Process& process);
  // A process has stopped. Under the tree lock.
  void note_stop() { check_job(); }
  // Ends every process but init; run() then returns `status`. Under the tree lock, or when nothing else runs.
  void shut_down(int status, Ending ending = Ending::main_exit);
  // After run().
  Ending ending() const { return ending_; }
  bool is_shutting_down() const { return is_shutting_down_.load(std::memory_order_acquire); }
  // Deals with what interrupt handlers left in this CPU's pending word.
  void drain_pending();
  // The same in the middle of a long stretch of kernel code, in which a hosted machine raises no deadline.
  void drain_pending_and_deadlines();
  void add_event_handler(EventHandler& handler);
  // Chooses a CPU for a thread that became ready, queues it there, and wakes that CPU if it is halted.
  void make_ready(Thread& thread, bool woken);
  void program_deadline();

  // Called, without locks, by the last thread of a session leader before it goes: the terminal hangs up.
  void (*leader_exit_hook)(Process& leader) = nullptr;

  // Before the first user thread is made.
  void set_observer(SyscallObserver* observer) { observer_ = observer; }
  SyscallObserver* observer() const { return observer_; }
  KernelStatistics statistics() const;
  unsigned cpu_count() const { return machine_.cpu_count(); }
  PerCpu& per_cpu(unsigned id) { return per_cpu_[id]; }
  uint64_t epoll_visits = 0;                // searches among epoll files, under epoll_lock
  std::array<uint64_t, 3> load_averages();  // fixed point, 1 << 16 is 1.0
  unsigned running_count() const;           // threads that run or wait for a CPU

  // uname(2), sethostname(2). Under names_lock.
  SpinLock names_lock{Rank::signals};
  std::array<char, 65> host_name{};
  std::array<char, 65> domain_name{};
  ChangeCounter host_name_changes, domain_name_changes;

 private:
  void drop_heap_cache(PerCpu& cpu);
  static void cpu_entry(void* per_cpu);
  void idle_loop();
  void pass_deadlines();
  void tick(Nanoseconds now);
  static constexpr Nanoseconds load_period = 5'000'000'000;
  void sample_load(Nanoseconds now);
  void kill_all();
  void check_job();
  static void reaper(void* kernel);

  hal::Machine& machine_;
  KernelOptions options_;
  std::array<std::byte, 16> boot_id_;
  Clock clock_;
  FrameAllocator frames_;
  const uint64_t free_at_start_ = frames_.free_pages();
  Heap heap_;
  TimerQueue timers_{clock_};
  FutexTable futexes_;
  PiFutexes pi_futexes_;
  FileLocks file_locks_;
  Leases leases_;
  Notifications notifications_;
  Mutex epoll_lock_{Rank::epoll};
  AsyncFiles async_files_;
  std::atomic<uint64_t> anonymous_inodes_{4026532000};
  std::array<PerCpu, hal::Machine::max_cpus> per_cpu_;
  std::array<Ref<Thread>, hal::Machine::max_cpus> idle_threads_;
  Own<Scheduler> scheduler_;
  Personality* personality_ = nullptr;
  Mutex tree_{Rank::process_tree};
  ProcessList processes_;
  using ProcessIndex = boost::intrusive::set<Process, boost::intrusive::base_hook<ProcessIndexHook>,
                                             boost::intrusive::key_of_value<ProcessId>, boost::intrusive::constant_time_size<false>>;
  ProcessIndex process_index_;
  boost::intrusive::set<Thread, boost::intrusive::base_hook<ThreadIndexHook>, boost::intrusive::key_of_value<ThreadId>,
                        boost::intrusive::constant_time_size<false>>
      thread_index_;
  Groups groups_;
  int next_id_ = 1;
  bool may_be_in_use_ = false;  // ids from next_id_ on: they began anew, or somebody chose one
  std::atomic<int> last_id_{0};
  uint64_t thread_limit_ = 0;
  Process* init_ = nullptr;
  Ref<Process> idle_process_;
  int main_pid_ = 0;
  std::atomic<bool> is_shutting_down_{false};
  std::atomic<int> final_status_{0};
  Ending ending_ = Ending::main_exit;
  EventHandler* event_handlers_ = nullptr;
  SyscallObserver* observer_ = nullptr;
  JobOwner* job_owner_ = nullptr;
  DeathObserver* death_observer_ = nullptr;
  std::atomic<Nanoseconds> next_load_sample_{load_period};
  std::array<std::atomic<uint64_t>, 3> load_{};
};

}  // namespace halcyon
