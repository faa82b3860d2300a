// What has to be put right on every way out of the process: exit, panic, halt, a fatal signal. A terminal in raw mode, above all.
#pragma once

namespace halcyon::hal {

// Owned by whoever registers it; `run` may be called in a signal handler, and at most once.
struct ExitHook {
  void (*run)(void* argument) = nullptr;
  void* argument = nullptr;
  ExitHook* next = nullptr;
};

// The first call also makes exit() and the fatal signals (SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGABRT, and those of a crash: crash.h) run the
// hooks, unless somebody handles them already; the signal then takes its usual course.
void add_exit_hook(ExitHook& hook);
void remove_exit_hook(ExitHook& hook);
// Runs and forgets all hooks, the latest first.
void run_exit_hooks();

}  // namespace halcyon::hal
