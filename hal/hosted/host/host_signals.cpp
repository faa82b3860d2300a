#include "hal/hosted/host/host_signals.h"

#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "hal/hosted/exit_hooks.h"

namespace halcyon::hal {
namespace {

constinit std::atomic<HostSignalSet> noted = 0;
constinit std::atomic<int> wake_descriptor = -1;
static_assert(std::atomic<HostSignalSet>::is_always_lock_free);

void note(int number, siginfo_t* info, void*) {
  bool is_key = number == SIGINT || number == SIGQUIT;
  if (is_key && info->si_code != SI_KERNEL) return die_by_signal(number);
  int saved = errno;
  noted.fetch_or(signal_bit(number));
  uint64_t one = 1;
  static_cast<void>(::write(wake_descriptor.load(), &one, sizeof one));
  errno = saved;
}

constexpr time_t timeout_grace = 10;  // seconds, for an orderly end
constinit volatile std::sig_atomic_t timeout_status = 0, has_timed_out = 0;

void time_out(int number, siginfo_t* info, void* context) {
  if (std::exchange(has_timed_out, 1)) {
    run_exit_hooks();
    _exit(timeout_status);
  }
  note(number, info, context);
}

void install(int number) {
  struct sigaction action = {}, old;
  action.sa_sigaction = note;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigfillset(&action.sa_mask);
  if (sigaction(number, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) return;
  sigaction(number, &action, nullptr);
}

// 0 if there is no such process any more.
pid_t parent_of(pid_t pid) {
  char path[32], text[512];
  std::snprintf(path, sizeof path, "/proc/%d/stat", static_cast<int>(pid));
  std::FILE* file = std::fopen(path, "re");
  if (!file) return 0;
  size_t size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  text[size] = 0;
  const char* name_end = std::strrchr(text, ')');
  int parent = 0;
  return name_end && std::sscanf(name_end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

}  // namespace

bool catch_host_signals() {
  if (wake_descriptor.load() >= 0) return true;
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return false;
  wake_descriptor.store(fd);
  for (int number : {SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH}) install(number);
  return true;
}

void set_host_timeout(int64_t nanoseconds, int status) {
  timeout_status = status;
  struct sigaction action = {};
  action.sa_sigaction = time_out;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigfillset(&action.sa_mask);
  sigaction(SIGALRM, &action, nullptr);
  itimerval timer = {};
  timer.it_value.tv_sec = nanoseconds / 1'000'000'000;
  timer.it_value.tv_usec = std::max<suseconds_t>(nanoseconds % 1'000'000'000 / 1000, timer.it_value.tv_sec == 0);
  timer.it_interval.tv_sec = timeout_grace;
  setitimer(ITIMER_REAL, &timer, nullptr);
}

bool has_host_signals() { return noted.load(std::memory_order_relaxed) != 0; }

int host_signal_descriptor() { return wake_descriptor.load(std::memory_order_relaxed); }

HostSignalSet take_host_signals() {
  uint64_t count;
  static_cast<void>(::read(wake_descriptor.load(), &count, sizeof count));
  return noted.exchange(0);
}

void stop_by_signal(int number) {
  struct sigaction stop = {}, old = {};
  stop.sa_handler = SIG_DFL;
  bool is_caught = number != SIGSTOP && sigaction(number, nullptr, &old) == 0 && old.sa_handler != SIG_IGN;
  if (is_caught) sigaction(number, &stop, nullptr);
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, &before);
  raise(number);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (is_caught) sigaction(number, &old, nullptr);
}

bool has_job_control() {
  for (pid_t pid = getppid(); pid > 0 && getsid(pid) == getsid(0); pid = parent_of(pid))
    if (getpgid(pid) != getpgrp()) return true;
  return false;
}

}  // namespace halcyon::hal
