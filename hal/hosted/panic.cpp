// Panics, with a backtrace by name.

#include <cxxabi.h>
#include <elfutils/libdwfl.h>
#include <execinfo.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

#include "core/base/assert.h"
#include "core/base/print.h"
#include "hal/hosted/exit_hooks.h"
#include "hal/hosted/this_cpu.h"
#include "hal/machine.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

// This process's modules with their debug information, found where the build left them.
class Symbols {
 public:
  Symbols() {
    callbacks_.find_elf = dwfl_linux_proc_find_elf;
    callbacks_.find_debuginfo = dwfl_standard_find_debuginfo;
    callbacks_.debuginfo_path = &debug_path_;
    dwfl_ = dwfl_begin(&callbacks_);
    if (!dwfl_) return;
    dwfl_report_begin(dwfl_);
    dwfl_linux_proc_report(dwfl_, getpid());
    dwfl_report_end(dwfl_, nullptr, nullptr);
  }
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;
  ~Symbols() {
    if (dwfl_) dwfl_end(dwfl_);
  }

  void print_frame(Writer& out, int number, uintptr_t address) {
    Dwfl_Module* module = dwfl_ ? dwfl_addrmodule(dwfl_, address) : nullptr;
    const char* symbol = module ? dwfl_module_addrname(module, address) : nullptr;
    int status = 0;
    char* readable = symbol ? abi::__cxa_demangle(symbol, nullptr, nullptr, &status) : nullptr;
    print(out, "  #{:<2} {:#014x} {}", number, address, readable ? readable : symbol ? symbol : "?");
    std::free(readable);
    Dwfl_Line* line = module ? dwfl_module_getsrc(module, address) : nullptr;
    int row = 0;
    if (const char* file = line ? dwfl_lineinfo(line, nullptr, &row, nullptr, nullptr, nullptr) : nullptr)
      print(out, " ({}:{})", file, row);
    out.write("\n");
  }

 private:
  char* debug_path_ = nullptr;
  Dwfl_Callbacks callbacks_{};
  Dwfl* dwfl_ = nullptr;
};

// The caller's stack, one frame per line, without its innermost `skip` frames.
void print_backtrace(Writer& out, int skip) {
  void* frames[64];
  int count = backtrace(frames, 64);
  Symbols symbols;
  // A return address may belong to the next line, or even function: the call lies before it.
  for (int index = skip + 1; index < count; ++index)
    symbols.print_frame(out, index - skip - 1, reinterpret_cast<uintptr_t>(frames[index]) - 1);
}

}  // namespace
}  // namespace halcyon::hal

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
