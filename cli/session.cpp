// The adapter between the command line and the kernel.
#include "cli/session.h"

#include "cli/failure.h"

namespace halcyon::cli {

int run_session(SessionRequest request) {
  fail(exit_status::own_failure, "{}: this build has no machine to run it on", request.program.path);
}

}  // namespace halcyon::cli
