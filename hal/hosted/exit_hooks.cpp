#include "hal/hosted/exit_hooks.h"

#include <csignal>
#include <cstdlib>
#include <utility>

#include "hal/hosted/crash.h"

namespace halcyon::hal {
namespace {

constinit ExitHook* volatile first_hook = nullptr;

void install() {
  std::atexit(run_exit_hooks);
  struct sigaction action = {};
  action.sa_handler = die_by_signal;
  action.sa_flags = SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  install_crash_handler();
  auto handle = [&](int signal) {
    // Somebody's handler (a sanitizer's, say) or SIG_IGN (nohup) stays.
    struct sigaction old;
    if (sigaction(signal, nullptr, &old) == 0 && old.sa_handler == SIG_DFL) sigaction(signal, &action, nullptr);
  };
  for (int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGXCPU, SIGSTKFLT, SIGIO,
                     SIGPWR, SIGSYS, SIGTRAP})
    handle(signal);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) handle(signal);
}

}  // namespace

void die_by_signal(int signal) {
  run_exit_hooks();
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  // Blocked until this handler returns.
  raise(signal);
}

void add_exit_hook(ExitHook& hook) {
  static const bool is_installed = (install(), true);
  static_cast<void>(is_installed);
  hook.next = first_hook;
  first_hook = &hook;
}

void remove_exit_hook(ExitHook& hook) {
  if (first_hook == &hook) {
    first_hook = hook.next;
    return;
  }
  for (ExitHook* at = first_hook; at; at = at->next)
    if (at->next == &hook) at->next = hook.next;
}

void run_exit_hooks() {
  while (ExitHook* hook = first_hook) {
    first_hook = hook->next;
    hook->run(hook->argument);
  }
}

}  // namespace halcyon::hal
