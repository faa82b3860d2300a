#include "hal/hosted/crash.h"

#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <utility>

#include "hal/hosted/backtrace.h"
#include "hal/hosted/exit_hooks.h"
#include "hal/hosted/this_cpu.h"
#include "hal/machine.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

constexpr size_t handler_stack_size = 256 << 10;
constexpr uintptr_t guard_size = 4096;
constexpr unsigned patience = 10;  // seconds

void describe(Writer& out, int signal, const siginfo_t& info, const ucontext_t& context) {
  print(out, "halcyon: the kernel crashed");
  if (Cpu* cpu = installed_cpu().cpu) print(out, " on CPU {}", cpu->id());
  print(out, ": SIG{}", sigabbrev_np(signal));
  bool has_address = (signal == SIGSEGV || signal == SIGBUS) && info.si_code > 0;
  auto address = reinterpret_cast<uintptr_t>(info.si_addr);
  auto sp = static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
  if (has_address) print(out, " at address {:#x}", address);
  if (has_address && address - (sp - guard_size) < 2 * guard_size) print(out, ", near the stack pointer: a stack overflow?");
  out.write("\n");
}

void crashed(int signal, siginfo_t* info, void* context) {
  static constinit volatile sig_atomic_t is_crashing = 0;
  // SA_RESETHAND put the default action back; the signal is blocked until this handler returns, and then taken where it came from.
  raise(signal);
  if (std::exchange(is_crashing, 1)) return;
  run_exit_hooks();
  // The heap, which libdw needs, may be what is broken, or locked.
  std::signal(SIGALRM, SIG_DFL);
  alarm(patience);
  auto& interrupted = *static_cast<const ucontext_t*>(context);
  describe(early_console(), signal, *info, interrupted);
  print_backtrace(early_console(), interrupted);
  alarm(0);
}

void install_handlers() {
  struct sigaction action = {};
  action.sa_sigaction = crashed;
  action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) {
    struct sigaction old;
    if (sigaction(signal, nullptr, &old) == 0 && old.sa_handler == SIG_DFL) sigaction(signal, &action, nullptr);
  }
}

void install_stack() {
  stack_t old;
  if (sigaltstack(nullptr, &old) != 0 || !(old.ss_flags & SS_DISABLE)) return;
  void* memory = mmap(nullptr, handler_stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = handler_stack_size;
  sigaltstack(&stack, nullptr);
}

}  // namespace

void install_crash_handler() {
  static const bool is_installed = (install_handlers(), true);
  static thread_local const bool has_stack = (install_stack(), true);
  static_cast<void>(is_installed), static_cast<void>(has_stack);
}

}  // namespace halcyon::hal
