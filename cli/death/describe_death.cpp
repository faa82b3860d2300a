#include <fmt/format.h>

#include <cstring>

#include "cli/death/guest_death.h"

namespace halcyon::cli {
namespace {

std::string name_of(int signal) {
  const char* name = sigabbrev_np(signal);
  return name ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

// What sigaction(2) says about the code.
std::string reason_of(const SignalInfo& info) {
  if (info.code == si_code::user || info.code == si_code::tkill || info.code == si_code::queue)
    return fmt::format(", sent by process {}", info.pid);
  switch (info.number) {
    case sig::segv:
      if (info.code == si_code::segv_unmapped) return fmt::format(": nothing is mapped at {:#x}", info.address);
      if (info.code == si_code::segv_access) return fmt::format(": no such access to {:#x}", info.address);
      return ": a privileged instruction, or an address that is none";
    case sig::bus:
      if (info.code == si_code::bus_address) return fmt::format(": the file behind {:#x} ends before it", info.address);
      if (info.code == si_code::bus_alignment) return fmt::format(": misaligned access to {:#x}", info.address);
      return {};
    case sig::fpe: return info.code == si_code::fpe_divide ? ": integer division by zero" : ": floating-point arithmetic";
    case sig::ill: return ": illegal instruction";
    default: return {};
  }
}

bool is_silent(int signal) { return signal == sig::intr || signal == sig::pipe; }

}  // namespace

std::string describe_death(const std::string& program, int signal, const GuestDeath* death) {
  if (is_silent(signal)) return {};
  if (death && signal == sig::kill)
    return fmt::format("halcyon: {}: the guest is out of memory, and the program was killed; give more --memory\n", program);
  if (!death || default_action(signal) != DefaultAction::core_dump)
    return fmt::format("halcyon: {}: ended by {}\n", program, name_of(signal));
  return fmt::format("halcyon: {}: ended by {}{}\n  pc {:#x}, process {} ({})\n{}", program, name_of(signal), reason_of(death->info),
                     death->pc, death->pid, death->name, describe_backtrace(*death));
}

}  // namespace halcyon::cli
