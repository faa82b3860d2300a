// Process: a thread group, its place in the tree, and what its threads share beyond Thread::Resources.
//
// Locks: "tree" marks what the kernel's process-tree lock protects (Kernel::tree, rank process_tree, a mutex); "signals" marks signal_lock
// (rank signals, a spin lock).
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include "core/base/ref.h"
#include "core/sync/spin_lock.h"
#include "core/sync/wait_queue.h"
#include "core/task/process/limits.h"
#include "core/task/signal/signal.h"
#include "core/task/thread.h"
#include "core/task/timers/cpu_clock.h"
#include "core/task/timers/posix_timers.h"
#include "core/time/timer.h"

namespace halcyon {

class Kernel;
class Tty;

// A session (setsid(2)) and its controlling terminal. Members under the process-tree lock.
struct Session : RefCounted {
  explicit Session(int leader) : id(leader) {}
  int id;
  Tty* terminal = nullptr;  // cleared by whichever goes first
};

struct ProcessListTag;
using ProcessHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<ProcessListTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;
struct SiblingTag;
using SiblingHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<SiblingTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;

struct IndexTag;
using ProcessIndexHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<IndexTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;
struct GroupTag;
using GroupHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<GroupTag>, boost::intrusive::link_mode<boost::intrusive::normal_link>>;

// Interval timers (setitimer(2)): index 0 real, 1 virtual, 2 prof. Only the real one is ever armed in the timer queue; the others count the
// process's CPU time (interval_timers.cpp). `interval` changes under the tree lock while the timer is not armed.
struct IntervalTimer : Timer {
  Process* process = nullptr;
  Nanoseconds interval = 0;
};
struct IntervalValue {
  Nanoseconds remaining = 0;  // 0: off
  Nanoseconds interval = 0;   // 0: once
};

class Process : public RefCounted, public ProcessHook, public SiblingHook, public ProcessIndexHook, public GroupHook {
 public:
  Process(Kernel& kernel, int pid) : kernel_(kernel), pid_(pid) {}
  ~Process();

  Kernel& kernel() const { return kernel_; }
  int pid() const { return pid_; }

  // tree
  Process* parent = nullptr;
  int parent_tid = 0;  // the thread that made it, or the one that it was handed to when that exited
  boost::intrusive::list<Process, boost::intrusive::base_hook<SiblingHook>, boost::intrusive::constant_time_size<false>> children;
  boost::intrusive::list<Thread, boost::intrusive::constant_time_size<true>> threads;  // each a reference; changes under signal_lock too
  // Changes by Kernel::set_group.
  int process_group = 0;
  Ref<Session> session;
  bool is_zombie = false;
  bool is_reaped = false;     // and is no longer in the table
  bool has_executed = false;  // since fork: setpgid(2) EACCES
  bool is_subreaper = false;
  int exit_signal = sig::chld;
  int wait_status = 0;       // as wait4(2) encodes it, once is_zombie
  ResourceUse children_use;  // of children that were waited for
  ResourceUse dead_threads_use;
  // Of its last thread, once there is none: for wait(2), kill(2), sched_getscheduler(2) and /proc.
  struct Remains {
    std::array<char, 16> name{};
    Ref<const Credentials> credentials;
    int session = 0, nice = 0, policy = 0;
    unsigned cpu = 0;
    bool resets_on_fork = false;
    uint64_t affinity = 0;
  } remains;
  Nanoseconds start_time = 0;

  // signals
  SpinLock signal_lock{Rank::signals};
  PendingSignals pending;
  uint32_t group_signals = 0;     // that were sent to it as one of several. Under the tree lock
  bool is_exiting = false;        // every thread is to die with exit_status
  bool is_unkillable = false;     // pid 1: what it has no handler for does nothing, unless a fault of its own forces it
  bool is_about_to_stop = false;  // a thread took a stop signal, and no SIGCONT came since
  bool is_stopped = false;
  bool must_notify_continued = false;                                              // the first thread to go on tells the parent
  enum class Report : uint8_t { none, stopped, continued } report = Report::none;  // what waitid may still tell
  int report_signal = 0;
  int stop_signal = 0;
  int exit_status = 0;          // as wait4(2) encodes it
  Thread* executing = nullptr;  // the thread in execve that waits for the others to go

  WaitQueue child_event;   // waitpid: a child changed
  WaitQueue thread_event;  // execve, exit: a thread went
  WaitQueue resumed;       // stopped threads park here
  WaitQueue signal_event;  // sigtimedwait, signalfd

  SpinLock limits_lock{Rank::signals};
  ResourceLimits limits;
  ResourceLimit limit(Limit which);
  IntervalTimer interval_timers[3];
  PosixTimers posix_timers{*this};
  CpuAlarms cpu_alarms;                     // on its clocks and its threads', set by anybody. Under the tree lock
  std::atomic<bool> has_cpu_timers{false};  // of either kind, or RLIMIT_CPU is set. Becomes false under the tree lock
  std::atomic<uint64_t> live_threads{0};
  std::atomic<bool> is_dumpable{true};
  std::atomic<int> oom_score_adjustment{0};  // -1000 to 1000

  // The thread whose tid is the pid, or any other; null when all are gone. Under the tree lock.
  Thread* main_thread();
  ResourceUse use();  // of all its threads, living and dead; takes the tree lock
  // Every thread exits with `status` (wait4's encoding); the first call decides. May be called by any thread of the process.
  void begin_exit(int status);
  // execve: the other threads exit; returns when the caller is alone. EAGAIN if another thread is doing the same.
  Result<> become_single_threaded(Thread& survivor);

 private:
  Kernel& kernel_;
  int pid_;
};

struct ProcessId {
  using type = int;
  type operator()(const Process& process) const { return process.pid(); }
};
struct ProcessGroup {
  using type = int;
  type operator()(const Process& process) const { return process.process_group; }
};

// --- fork.cpp
struct CloneRequest {
  // What is shared instead of copied (clone(2)).
  bool share_memory = false, share_files = false, share_fs = false, share_actions = false;
  bool same_process = false;    // CLONE_THREAD
  bool same_parent = false;     // CLONE_PARENT
  bool wait_for_exec = false;   // CLONE_VFORK
  bool clear_handlers = false;  // CLONE_CLEAR_SIGHAND
  UserAddr stack = 0;           // 0: the caller's
  bool set_tls = false;
  uint64_t tls = 0;
  UserAddr parent_tid = 0;       // store the child's id here in the parent (0: do not)
  UserAddr child_tid = 0;        // and here in the child
  UserAddr clear_child_tid = 0;  // and clear and wake this when it exits
  bool make_pidfd = false;
  UserAddr pidfd = 0;   // where its descriptor goes in the parent
  int exit_signal = 0;  // one that does not exist is never sent
  int chosen_id = 0;    // 0: any
};
// Makes a copy of `self`, which is in a system call, and starts it. Returns its id. EAGAIN (limits), ENOMEM; EEXIST: the chosen id is in
// use; EMFILE, EFAULT: the pidfd. With wait_for_exec blocks until the child has executed another program or exited.
Result<int> clone_thread(Thread& self, const CloneRequest& request);
// execve or exit of a vfork child: its parent goes on.
void release_vfork_parent(Thread& child);

// --- processes.cpp: job control. Under the tree lock.
// Whether `parent` can stop and continue the process as a job: it is in the same session, but in another group.
bool is_controlled_by(const Process& process, const Process* parent);
// No member is controlled by its parent (POSIX: an orphaned process group): nobody could continue one that is stopped. `ignored` does not
// count any more.
bool is_orphaned_group(Kernel& kernel, int group, const Process* ignored = nullptr);

// --- wait.cpp
struct WaitRequest {
  enum class Which : uint8_t { any, pid, group, process } which = Which::any;
  int id = 0;
  const Process* process = nullptr;  // for Which::process
  bool exited = false, stopped = false, continued = false;
  bool no_hang = false;
  bool keep = false;            // WNOWAIT
  bool clone_children = false;  // __WCLONE: only those whose exit signal is not SIGCHLD
  bool all_children = false;    // __WALL
  int thread = 0;               // __WNOTHREAD: only the children of the thread with this id
};
struct WaitResult {
  int pid = 0;     // 0: nothing to tell (no_hang)
  int status = 0;  // as wait4 encodes it
  int code = 0;    // si_code
  uint32_t uid = 0;
  ResourceUse use;
};
// wait4(2), waitid(2). ECHILD; Errno::restart when interrupted.
Result<WaitResult> wait_for_child(Thread& self, const WaitRequest& request);

// --- interval_timers.cpp: getitimer(2), setitimer(2). `which` is below 3. Take the tree lock.
IntervalValue get_interval_timer(Process& process, unsigned which);
IntervalValue set_interval_timer(Process& process, unsigned which, IntervalValue value);  // returns the old
// Sends what timers on CPU clocks and RLIMIT_CPU have to say: at interrupts of a process with has_cpu_timers.
void expire_cpu_timers(Process& process);
// User and system time of all threads, living and dead. Under the tree lock.
struct CpuTime {
  Nanoseconds user = 0, system = 0;
};
CpuTime cpu_time(Process& process);

// --- signal/send_signal.cpp. Sending never blocks. The caller has checked permission.
// False if a real-time signal could not be queued: RLIMIT_SIGPENDING.
bool send_to_process(Process& process, const SignalInfo& info);
bool send_to_thread(Thread& thread, const SignalInfo& info);
// For what the thread itself does in a system call; as if it had called kill(2).
void send_to_self(Thread& self, int number);
// The signal of a timer, to the process or to its thread `target`. False if nobody will take it.
bool send_timer_signal(Process& process, Thread* target, const SignalInfo& info);
// `reluctant`, which may have been chosen to take signals that are pending for the process, will not: the other threads are told. Under
// signal_lock.
void offer_pending_signals(Process& process, Thread& reluctant);

// Tells the parent of a child that changed: SIGCHLD, and waiters wake. Under the tree lock.
void notify_parent(Process& child, int code, int status);

// wait4's encodings.
constexpr int exited_status(int code) { return (code & 0xff) << 8; }
constexpr int stopped_status(int signal) { return (signal & 0xff) << 8 | 0x7f; }
inline constexpr int continued_status = 0xffff;
constexpr int killed_status(int signal) { return signal & 0x7f; }

}  // namespace halcyon
