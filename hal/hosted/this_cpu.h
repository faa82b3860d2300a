// Who this_cpu() is on the calling host thread: hosted code can choose, so that tests can install a CPU of their own.
#pragma once

namespace halcyon::hal {

class Cpu;
class HostedCpu;
class HostedMachine;

struct InstalledCpu {
  Cpu* cpu = nullptr;
  HostedCpu* hosted = nullptr;       // the same CPU, if it belongs to a hosted machine
  HostedMachine* machine = nullptr;  // whose idle() and spin_pause() serve it
};

// Both return what was installed before. A CPU without a machine can neither idle nor spin.
InstalledCpu install_cpu(InstalledCpu cpu);
Cpu* set_this_cpu(Cpu* cpu);

InstalledCpu installed_cpu();

}  // namespace halcyon::hal
