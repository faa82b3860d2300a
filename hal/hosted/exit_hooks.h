// What has to be put right on every way out of the process: exit, panic, halt, a fatal signal. A terminal in raw mode, above all.
#pragma once

namespace halcyon::hal {

// Owned by whoever registers it; `run` may be called in a signal handler, and at most once.
struct ExitHook {
  void (*run)(void* argument) = nullptr;
  void* argument = nullptr;
  ExitHook* next = nullptr;
};

// The first call also makes exit() and every signal that would end the process (those of a crash: crash.h) run the hooks, unless somebody
// handles it already; the signal then takes its usual course.
void add_exit_hook(ExitHook& hook);
void remove_exit_hook(ExitHook& hook);
// Runs and forgets all hooks, the latest first.
void run_exit_hooks();
// In a handler of a signal that ends the process: the hooks, then its default action, once the handler has returned.
void die_by_signal(int signal);

}  // namespace halcyon::hal
