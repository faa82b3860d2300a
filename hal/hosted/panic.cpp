// Panics, with a backtrace by name.
#include <cstdlib>
#include <utility>

#include "core/base/assert.h"
#include "core/base/print.h"
#include "hal/hosted/backtrace.h"
#include "hal/hosted/exit_hooks.h"
#include "hal/hosted/this_cpu.h"
#include "hal/machine.h"
#include "hal/port.h"

namespace halcyon {

void panic(const char* message, const char* file, int line) {
  static constinit thread_local bool is_panicking = false;
  if (std::exchange(is_panicking, true)) hal::halt();
  hal::run_exit_hooks();
  Writer& out = hal::early_console();
  print(out, "halcyon: panic");
  if (hal::Cpu* cpu = hal::installed_cpu().cpu) print(out, " on CPU {}", cpu->id());
  print(out, ": {}\n  at {}:{}\n", message, file, line);
  hal::print_backtrace(out, 1);
  // Not halt(): a debugger stops here, and a core file shows every parked thread.
  std::abort();
}

}  // namespace halcyon
