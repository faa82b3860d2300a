// The machine on Unicorn: an emulated CPU and MMU of either ISA inside this process.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "hal/hosted/cpus.h"
#include "hal/machine.h"

namespace halcyon::hal {

struct UnicornOptions : HostedOptions {
  Isa isa = Isa::x86_64;
  uint64_t memory = uint64_t{1} << 30;  // bytes of RAM: reserved, not committed
  Console* console = nullptr;           // not owned; null: a console that swallows output and has no input
};

// Fails with a text for the user, for instance when the installed Unicorn does not behave as this machine needs. The machine belongs to the
// host thread that makes it.
std::expected<std::unique_ptr<HostedMachine>, std::string> make_unicorn_machine(const UnicornOptions& options);

}  // namespace halcyon::hal
