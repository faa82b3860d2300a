// Flags and commands around processes, threads, clocks and limits.
#include "syscalls/strace/names.h"

namespace halcyon::strace {

namespace {

constexpr Name clone_flags[] = {{0x100, "CLONE_VM"},
                                {0x200, "CLONE_FS"},
                                {0x400, "CLONE_FILES"},
                                {0x800, "CLONE_SIGHAND"},
                                {0x1000, "CLONE_PIDFD"},
                                {0x2000, "CLONE_PTRACE"},
                                {0x4000, "CLONE_VFORK"},
                                {0x8000, "CLONE_PARENT"},
                                {0x10000, "CLONE_THREAD"},
                                {0x20000, "CLONE_NEWNS"},
                                {0x40000, "CLONE_SYSVSEM"},
                                {0x80000, "CLONE_SETTLS"},
                                {0x100000, "CLONE_PARENT_SETTID"},
                                {0x200000, "CLONE_CHILD_CLEARTID"},
                                {0x400000, "CLONE_DETACHED"},
                                {0x800000, "CLONE_UNTRACED"},
                                {0x1000000, "CLONE_CHILD_SETTID"},
                                {0x2000000, "CLONE_NEWCGROUP"},
                                {0x4000000, "CLONE_NEWUTS"},
                                {0x8000000, "CLONE_NEWIPC"},
                                {0x10000000, "CLONE_NEWUSER"},
                                {0x20000000, "CLONE_NEWPID"},
                                {0x40000000, "CLONE_NEWNET"},
                                {0x80000000, "CLONE_IO"},
                                {0x100000000, "CLONE_CLEAR_SIGHAND"},
                                {0x200000000, "CLONE_INTO_CGROUP"}};
constexpr Name wait_flags[] = {{1, "WNOHANG"},         {2, "WUNTRACED"},        {4, "WEXITED"},
                               {8, "WCONTINUED"},      {0x1000000, "WNOWAIT"},  {0x20000000, "__WNOTHREAD"},
                               {0x40000000, "__WALL"}, {0x80000000, "__WCLONE"}};
constexpr Name id_types[] = {{0, "P_ALL"}, {1, "P_PID"}, {2, "P_PGID"}, {3, "P_PIDFD"}};
constexpr Name pidfd_flags[] = {{04000, "PIDFD_NONBLOCK"}};
constexpr Name kcmp_types[] = {{0, "KCMP_FILE"},    {1, "KCMP_VM"}, {2, "KCMP_FILES"},   {3, "KCMP_FS"},
                               {4, "KCMP_SIGHAND"}, {5, "KCMP_IO"}, {6, "KCMP_SYSVSEM"}, {7, "KCMP_EPOLL_TFD"}};
constexpr Name futex_operations[] = {{0, "FUTEX_WAIT"},
                                     {1, "FUTEX_WAKE"},
                                     {2, "FUTEX_FD"},
                                     {3, "FUTEX_REQUEUE"},
                                     {4, "FUTEX_CMP_REQUEUE"},
                                     {5, "FUTEX_WAKE_OP"},
                                     {6, "FUTEX_LOCK_PI"},
                                     {7, "FUTEX_UNLOCK_PI"},
                                     {8, "FUTEX_TRYLOCK_PI"},
                                     {9, "FUTEX_WAIT_BITSET"},
                                     {10, "FUTEX_WAKE_BITSET"},
                                     {11, "FUTEX_WAIT_REQUEUE_PI"},
                                     {12, "FUTEX_CMP_REQUEUE_PI"},
                                     {13, "FUTEX_LOCK_PI2"}};
constexpr Name clocks[] = {{0, "CLOCK_REALTIME"},          {1, "CLOCK_MONOTONIC"},     {2, "CLOCK_PROCESS_CPUTIME_ID"},
                           {3, "CLOCK_THREAD_CPUTIME_ID"}, {4, "CLOCK_MONOTONIC_RAW"}, {5, "CLOCK_REALTIME_COARSE"},
                           {6, "CLOCK_MONOTONIC_COARSE"},  {7, "CLOCK_BOOTTIME"},      {8, "CLOCK_REALTIME_ALARM"},
                           {9, "CLOCK_BOOTTIME_ALARM"},    {11, "CLOCK_TAI"}};
constexpr Name timer_flags[] = {{1, "TIMER_ABSTIME"}};
constexpr Name interval_timers[] = {{0, "ITIMER_REAL"}, {1, "ITIMER_VIRTUAL"}, {2, "ITIMER_PROF"}};
constexpr Name resources[] = {{0, "RLIMIT_CPU"},       {1, "RLIMIT_FSIZE"}, {2, "RLIMIT_DATA"},    {3, "RLIMIT_STACK"},
                              {4, "RLIMIT_CORE"},      {5, "RLIMIT_RSS"},   {6, "RLIMIT_NPROC"},   {7, "RLIMIT_NOFILE"},
                              {8, "RLIMIT_MEMLOCK"},   {9, "RLIMIT_AS"},    {10, "RLIMIT_LOCKS"},  {11, "RLIMIT_SIGPENDING"},
                              {12, "RLIMIT_MSGQUEUE"}, {13, "RLIMIT_NICE"}, {14, "RLIMIT_RTPRIO"}, {15, "RLIMIT_RTTIME"}};
constexpr Name usages[] = {{0, "RUSAGE_SELF"}, {~uint64_t{0}, "RUSAGE_CHILDREN"}, {1, "RUSAGE_THREAD"}};
constexpr Name random_flags[] = {{1, "GRND_NONBLOCK"}, {2, "GRND_RANDOM"}, {4, "GRND_INSECURE"}};
constexpr Name priorities[] = {{0, "PRIO_PROCESS"}, {1, "PRIO_PGRP"}, {2, "PRIO_USER"}};
constexpr Name policies[] = {{0, "SCHED_OTHER"}, {1, "SCHED_FIFO"}, {2, "SCHED_RR"},
                             {3, "SCHED_BATCH"}, {5, "SCHED_IDLE"}, {6, "SCHED_DEADLINE"}};

constexpr uint64_t widen(int value) { return static_cast<uint64_t>(int64_t{value}); }

}  // namespace

// The low byte is the signal that the child sends when it ends.
void show(Writer& out, CloneFlags value) {
  uint64_t flags = value & ~uint64_t{0xff};
  int signal = static_cast<int>(value & 0xff);
  if (flags != 0 || signal == 0) show_flags(out, clone_flags, flags, "CLONE");
  if (signal == 0) return;
  if (flags != 0) out.write("|");
  show(out, Signal{signal});
}

void show(Writer& out, FutexOperation value) {
  constexpr uint32_t is_private = 128, realtime = 256;
  show_choice(out, futex_operations, value & ~(is_private | realtime), "FUTEX");
  if (value & is_private) out.write("_PRIVATE");
  if (value & realtime) out.write("|FUTEX_CLOCK_REALTIME");
}

void show(Writer& out, ClockId value) {
  if (value >= 0) return show_choice(out, clocks, widen(value), "CLOCK");
  constexpr Name parts[] = {{0, "CPUCLOCK_PROF"}, {1, "CPUCLOCK_VIRT"}, {2, "CPUCLOCK_SCHED"}, {3, "CLOCKFD"}};
  print(out, "MAKE_{}_CPUCLOCK({}, ", value & 4 ? "THREAD" : "PROCESS", ~(value >> 3));
  show_choice(out, parts, widen(value & 3), "CPUCLOCK");
  out.write(")");
}

void show(Writer& out, WaitFlags value) { show_flags(out, wait_flags, value, "W"); }
void show(Writer& out, IdType value) { show_choice(out, id_types, widen(value), "P"); }
void show(Writer& out, PidfdFlags value) { show_flags(out, pidfd_flags, value, "PIDFD"); }
void show(Writer& out, KcmpType value) { show_choice(out, kcmp_types, widen(value), "KCMP"); }
void show(Writer& out, TimerFlags value) { show_flags(out, timer_flags, value, "TIMER"); }
void show(Writer& out, IntervalWhich value) { show_choice(out, interval_timers, widen(value), "ITIMER"); }
void show(Writer& out, ResourceId value) { show_choice(out, resources, value, "RLIMIT"); }
void show(Writer& out, UsageWho value) { show_choice(out, usages, widen(value), "RUSAGE"); }
void show(Writer& out, RseqFlags value) {
  constexpr Name rseq_flags[] = {{1, "RSEQ_FLAG_UNREGISTER"}};
  show_flags(out, rseq_flags, static_cast<uint32_t>(value.value), "RSEQ_FLAG");
}
void show(Writer& out, RandomFlags value) { show_flags(out, random_flags, value, "GRND"); }
void show(Writer& out, PriorityWhich value) { show_choice(out, priorities, widen(value), "PRIO"); }
void show(Writer& out, SchedPolicy value) { show_choice(out, policies, widen(value), "SCHED"); }

}  // namespace halcyon::strace
