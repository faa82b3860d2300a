// Which machine a session runs on.
#pragma once

#include <memory>

#include "cli/options.h"
#include "hal/hosted/host_streams.h"
#include "hal/machine.h"

namespace halcyon::cli {

// A machine for programs of `isa`. `poll` and `console` outlive it. Throws Failure.
std::unique_ptr<hal::Machine> make_machine(const RunOptions& options, hal::Isa isa, hal::HostPoll& poll, hal::Console& console);

}  // namespace halcyon::cli
