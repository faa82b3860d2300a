// Thread: one user thread with its kernel stack (or a kernel-only thread, whose entry is a kernel function). Every user thread lives in the
// loop of run_user() (run.cpp) on its own stack. The class is spread over files by concern: thread.cpp (life), run.cpp (traps),
// schedule/schedule.cpp (parking and switching), signal/signal.cpp, process/fork.cpp, process/exit.cpp.
//
// What only the thread itself touches needs no lock; what others read says so.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <memory>

#include "core/base/ref.h"
#include "core/file/fd_table.h"
#include "core/file/fs_context.h"
#include "core/mm/address_space.h"
#include "core/task/process/credentials.h"
#include "core/task/process/limits.h"
#include "core/task/restartable.h"
#include "core/task/seccomp/seccomp.h"
#include "core/task/signal/signal.h"
#include "core/time/timer.h"
#include "hal/machine.h"
#include "hal/port.h"

namespace halcyon {

class Kernel;
class Process;
class Thread;
struct PiWaiter;

// --- schedule.cpp
// Gives the CPU to another ready thread, if there is one (sched_yield(2)).
void yield();
// In a long loop of a system call, without spin locks: sees to what is pending on this CPU, and lets another thread run if one should.
// EINTR: the calling thread is to die, and so is the loop; or, if asked for, a signal came.
Result<> make_way(Interruptible interruptible = Interruptible::by_death);
// Goes on in `next`, which was picked; returns when somebody switches back.
void switch_to(Thread& next);
// The first act on a stack that was switched to.
void finish_switch();
// Switches away for good; the thread's last act.
[[noreturn]] void switch_away_dead();

// Why a thread should leave its fast path before it returns to user mode. Set by anybody, atomically.
namespace work {
inline constexpr uint32_t signal = 1;      // a signal may be deliverable
inline constexpr uint32_t reschedule = 2;  // somebody else should run
inline constexpr uint32_t die = 4;         // the thread is to exit: its process exits or executes another program
inline constexpr uint32_t stop = 8;        // job control stopped the process
inline constexpr uint32_t sequence = 16;   // a restartable sequence may have been interrupted, or the CPU has changed
inline constexpr uint32_t async = 32;      // files became ready whose owners want a signal (core/file/async.h)
}  // namespace work

// Why a system call of the thread is more than its handler. Tested once per call.
namespace syscall_work {
inline constexpr uint32_t observe = 1;   // the kernel has a SyscallObserver
inline constexpr uint32_t seccomp = 2;   // Thread::seccomp has something to say
inline constexpr uint32_t dispatch = 4;  // Thread::user_dispatch
}  // namespace syscall_work

// PR_SET_SYSCALL_USER_DISPATCH: system calls from outside of [start, start + length) become SIGSYS unless the byte at `selector` allows
// them.
struct UserDispatch {
  UserAddr start = 0;
  uint64_t length = 0;
  UserAddr selector = 0;  // 0: never allows
};

// personality(2). There is one execution domain, and nothing is placed at random; what is here changes something.
namespace personality {
inline constexpr uint32_t uname26 = 0x20000, no_randomize = 0x40000, page_zero = 0x100000, compatible_layout = 0x200000,
                          read_implies_exec = 0x400000, sticky_timeouts = 0x4000000;
inline constexpr uint32_t domain = 0xff;
// What a program that gains privileges loses.
inline constexpr uint32_t cleared_on_set_id = no_randomize | page_zero | compatible_layout | read_implies_exec;
}  // namespace personality

// PR_MCE_KILL: what the process wants to know of memory that fails.
enum class MemoryFailure : uint8_t { late, early, standard };

enum class RunState : uint8_t { running, parking, parked, ready, dead };

// What restart_syscall(2) continues.
struct RestartBlock {
  enum class Kind : uint8_t { none, nanosleep, cpu_sleep, poll, futex } kind = Kind::none;
  Nanoseconds deadline = never;
  uint64_t arguments[4] = {};
};

// The last trap that became a signal, as later signal frames show it, too: Linux's trap_nr, error_code and cr2.
struct FaultRecord {
  uint8_t vector = 0;
  uint16_t error_code = 0;
  UserAddr address = 0;  // of the last page fault
};

struct ThreadIndexTag;
using ThreadIndexHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<ThreadIndexTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;

// A thread's place in Process::threads, which changes under the tree lock and Process::signal_lock, and is read under either.
class Thread : public RefCounted,
               public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>,
               public ThreadIndexHook {
 public:
  struct Resources {  // what clone(2) shares or copies
    Ref<AddressSpace> memory;
    Ref<FdTable> files;
    Ref<FsContext> fs;
    Ref<SignalActions> actions;
    Ref<const Credentials> credentials;
  };

  // A thread that will run user code from its context on; it does not run before start(). ENOMEM.
  static Result<Ref<Thread>> create(Process& process, int tid, Resources resources);
  // A kernel-only thread of `process` that runs entry(argument) and then exits.
  static Result<Ref<Thread>> create_kernel(Process& process, int tid, void (*entry)(void*), void* argument);
  ~Thread();

  void start();  // makes it ready for the first time

  int tid() const { return tid_; }
  Process& process() const { return *process_; }
  Kernel& kernel() const;
  hal::UserContext& context() { return *context_; }
  AddressSpace& memory() { return *resources_.memory; }
  FdTable& files() { return *resources_.files; }
  FsContext& fs() { return *resources_.fs; }
  SignalActions& actions() { return *resources_.actions; }
  const Credentials& credentials() const { return *resources_.credentials; }
  Resources& resources() { return resources_; }
  bool has_actions() const { return static_cast<bool>(resources_.actions); }
  bool has_memory() const { return static_cast<bool>(resources_.memory); }
  // For others than the thread itself: a counted look at what it uses; empty when it has exited. Takes the process tree's lock.
  Resources share_resources();
  // Replaces one of them, under the lock that share_resources takes.
  void replace_memory(Ref<AddressSpace> memory);
  void replace_files(Ref<FdTable> files);
  void replace_fs(Ref<FsContext> fs);
  void replace_credentials(Ref<const Credentials> credentials);
  void replace_actions(Ref<SignalActions> actions);

  // --- schedule.cpp
  void add_work(uint32_t bits);  // and makes a running thread notice it soon
  void clear_work(uint32_t bits) { work_.fetch_and(~bits, std::memory_order_acq_rel); }
  uint32_t pending_work() const { return work_.load(std::memory_order_acquire); }
  bool is_dying() const { return (pending_work() & work::die) != 0; }
  RunState state() const { return state_.load(std::memory_order_acquire); }
  bool is_sleeping_interruptibly() const { return is_interruptible_; }
  // A scheduler on `cpu`, which is the caller's, may pick it from a queue: its affinity permits, and no other CPU is still switching away
  // from it. (Two CPUs that waited for each other's stacks would wait for good.)
  bool can_run_on(unsigned cpu) const;
  bool wake();  // ends a park, or the next one after prepare_to_park; false: neither was there to be ended
  void wake_if_interruptible();

  // --- signal/deliver_signals.cpp. Signal state is under Process::signal_lock.
  SignalSet blocked() const { return blocked_; }
  void set_blocked(SignalSet mask);            // by the thread itself
  void restore_blocked_after(SignalSet mask);  // sigsuspend, ppoll: put `mask` back when signals have been delivered
  bool has_deliverable_signal();
  void deliver_signals();  // on the way to user mode; may end the thread
  // Takes a pending signal of `wanted`, for delivery or for sigtimedwait(2) and signalfd(2). Without locks.
  bool take_signal(SignalSet wanted, SignalInfo* info);
  PendingSignals& pending_signals() { return pending_; }
  SignalStack& signal_stack() { return signal_stack_; }
  void force_signal(const SignalInfo& info);  // a fault of its own: cannot be blocked or ignored
  RestartBlock& restart_block() { return restart_block_; }
  // A system call ended with an internal restart code; signal delivery decides what becomes of it.
  void set_restart(Errno error) { restart_ = error; }

  // --- exit.cpp
  // Makes the thread leave when it next would return to user mode; its process goes with the last thread.
  void request_exit(int status);
  // Tells those who wait for this thread in its memory that it leaves: set_tid_address(2), robust mutexes. Before exit and exec.
  void leave_memory();

  // Accounting; read by others without a lock.
  std::atomic<Nanoseconds> user_time{0}, system_time{0};
  std::atomic<uint64_t> minor_faults{0}, major_faults{0}, voluntary_switches{0}, involuntary_switches{0};
  // Charges the time since the last call, of which an estimated part is the kernel's. By the running thread.
  void account();

  Nanoseconds start_time = 0;  // CLOCK_MONOTONIC

  // Set and read by system calls of the thread itself (set_tid_address(2), set_robust_list(2), rseq(2), prctl(2)).
  UserAddr clear_child_tid = 0;
  UserAddr robust_list = 0;
  PiWaiter* pi_wait = nullptr;                    // futex(2), under PiFutexes::lock()
  std::atomic<bool> has_left_pi_futexes = false;  // it owns none any more
  RestartableArea restartable;
  FaultRecord last_fault;
  std::atomic<uint64_t> affinity{~uint64_t{0}};
  std::array<char, 16> name{};             // comm; others may see it half changed, as on Linux
  uint64_t syscall_number = 0;             // of the call being carried out
  uint64_t first_argument = 0;             // of it, as passed: the result register may overlay it
  struct VforkDone* vfork_done = nullptr;  // in the child: the parent waits on it
  int exit_signal = 0;
  int nice = 0;
  int policy = 0;                                               // of sched_setscheduler(2)
  bool resets_on_fork = false;                                  // SCHED_RESET_ON_FORK
  uint64_t timer_slack = 50'000, default_timer_slack = 50'000;  // nanoseconds
  std::atomic<int> parent_death_signal{0};                      // to the process, when the thread that made it exits
  std::atomic<bool> no_new_privileges{false};                   // never reset. Another thread may set it: SeccompState
  std::atomic<uint32_t> personality{0};
  MemoryFailure memory_failure = MemoryFailure::standard;
  bool is_io_flusher = false;  // PR_SET_IO_FLUSHER
  UserDispatch user_dispatch;
  SeccompState seccomp;
  std::atomic<uint32_t> syscall_work{0};  // bits of halcyon::syscall_work

  // The scheduler's: under its lock.
  struct ScheduleNode : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>,
                        boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
    Thread* thread = nullptr;
    bool is_queued = false;
    unsigned cpu = 0;
    int64_t virtual_time = 0;
    uint64_t sequence = 0;
    Nanoseconds used = 0;  // of its slice
  } schedule_node;
  unsigned last_cpu = 0;
  Nanoseconds ran_since = 0;  // what came before it is charged

#ifdef HALCYON_CHECKS
  uint32_t mutex_ranks = 0;  // bit per rank of which a mutex is held
  std::array<uint8_t, 16> mutex_counts{};
#endif

 private:
  template <class T, class... Args>
  friend Result<Ref<T>> make_ref(Args&&... args);
  friend void switch_to(Thread& next);
  friend void finish_switch();
  friend void prepare_to_park();
  friend void cancel_park();
  friend Result<> park(Nanoseconds deadline, Interruptible interruptible);
  friend void yield();
  friend void switch_away_dead();
  friend class Kernel;
  friend class Process;
  friend Result<int> clone_thread(Thread& self, const struct CloneRequest& request);

  Thread(Process& process, int tid) : process_(&process), tid_(tid) { schedule_node.thread = this; }
  static void entry(void* self);
  void run_user();
  void handle_syscall();
  void handle_trap(const hal::Trap& trap);
  void before_user_mode();
  void send_async_signals();
  void handle_fault(const hal::Trap& trap);
  void handle_sampled_trap(const hal::Trap& trap);
  void add_sample(Nanoseconds now);
  void raise_exception(const hal::Trap& trap);
  // Something else ran on its CPU since it left user code.
  void note_interruption() {
    if (restartable.address) work_.fetch_or(work::sequence, std::memory_order_relaxed);
  }
  void finish_restart(const SignalAction* action);
  bool run_default_action(const SignalInfo& info);
  void run_handler(const SignalInfo& info, SignalAction action);
  void stop_here();
  [[noreturn]] void exit();

  Process* process_;  // outlives its threads
  int tid_;           // changes under the tree lock, when it becomes its process's only thread
  std::unique_ptr<hal::UserContext> context_;
  Resources resources_;
  hal::KernelStack stack_;
  void (*kernel_function_)(void*) = nullptr;
  void* kernel_argument_ = nullptr;

  std::atomic<uint32_t> work_{0};
  std::atomic<RunState> state_{RunState::parked};
  bool is_counted_ = false;             // in Kernel::thread_count
  std::atomic<bool> is_on_cpu_{false};  // its stack is in use: nobody may switch to it yet
  std::atomic<bool> is_interruptible_{false};

  // accounting.cpp
  uint32_t traps_to_sample_ = 1;
  uint32_t sample_random_ = 0x9e37'79b9;
  bool is_sampled_ = false;       // the trap that is being handled is timed
  Nanoseconds sample_began_ = 0;  // or was last added up
  Nanoseconds kernel_time_ = 0;   // estimated, and not charged yet

  std::atomic<uint64_t> blocked_bits_{0};
  SignalSet blocked_;  // its own copy; writes under Process::signal_lock
  SignalSet saved_blocked_;
  bool must_restore_blocked_ = false;
  PendingSignals pending_;
  SignalStack signal_stack_;
  RestartBlock restart_block_;
  Errno restart_{};  // 0: none
  int thread_status_ = 0;
};

struct ThreadId {
  using type = int;
  type operator()(const Thread& thread) const { return thread.tid(); }
};

}  // namespace halcyon
