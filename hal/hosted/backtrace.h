// Backtraces with names, for panics.
#pragma once

#include "core/base/print.h"

namespace halcyon::hal {

// Prints the caller's stack, one frame per line, without its innermost `skip` frames.
void print_backtrace(Writer& out, int skip);

}  // namespace halcyon::hal
