// A backtrace by name, file and line, for panics and crashes.
#pragma once

#include <csignal>

#include "core/base/print.h"

namespace halcyon::hal {

// The caller's stack, one frame per line, without its innermost `skip` frames.
void print_backtrace(Writer& out, int skip);
// In a signal handler: the stack that the signal interrupted.
void print_backtrace(Writer& out, const ucontext_t& interrupted);

}  // namespace halcyon::hal
