// Making the machine that the options describe.
#include "cli/machine.h"

#include "cli/failure.h"

namespace halcyon::cli {

std::unique_ptr<hal::Machine> make_machine(const RunOptions&, hal::Isa isa, hal::HostPoll&, hal::Console&) {
  fail(exit_status::own_failure, "this build has no machine for {}", isa_name(isa));
}

}  // namespace halcyon::cli
