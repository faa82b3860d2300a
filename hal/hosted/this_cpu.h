// Who this_cpu() is on the calling host thread: hosted code can choose, so that tests can install a CPU of their own.
#pragma once

namespace halcyon::hal {

class Cpu;
class HostedCpu;
class HostedMachine;

// Installs `cpu` (may be null) and returns what was installed. A CPU installed this way can neither idle nor spin.
Cpu* set_this_cpu(Cpu* cpu);
// Installs a CPU of a hosted machine, whose idle() and spin_pause() serve it.
Cpu* set_this_cpu(HostedCpu* cpu, HostedMachine* machine);

}  // namespace halcyon::hal
