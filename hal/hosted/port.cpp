// The port for a Linux process.
#include "hal/port.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "core/base/assert.h"
#include "hal/hosted/cpus.h"
#include "hal/hosted/exit_hooks.h"
#include "hal/hosted/this_cpu.h"

namespace halcyon::hal {
namespace {

// One machine lives on one host thread, but tests may use several threads.
constinit thread_local InstalledCpu current{};

class StandardError final : public Writer {
 public:
  void write(std::string_view text) override {
    while (!text.empty()) {
      ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
      if (written <= 0) return;
      text.remove_prefix(static_cast<size_t>(written));
    }
  }
};

constinit StandardError standard_error;

}  // namespace

Cpu& this_cpu() { return *current.cpu; }

InstalledCpu install_cpu(InstalledCpu cpu) { return std::exchange(current, cpu); }

InstalledCpu installed_cpu() { return current; }

Cpu* set_this_cpu(Cpu* cpu) { return install_cpu({cpu, nullptr, nullptr}).cpu; }

void spin_pause() {
  ASSERT(current.machine && "nobody else can run");
  current.machine->spin_pause(*current.hosted);
}

void idle() {
  ASSERT(current.machine && "a CPU without a machine cannot idle");
  current.machine->idle(*current.hosted);
}

Writer& early_console() { return standard_error; }

void halt() {
  run_exit_hooks();
  _exit(EXIT_FAILURE);
}

}  // namespace halcyon::hal
