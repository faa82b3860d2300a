// A crash of the kernel itself: a wild pointer, a stack that overflows, an illegal instruction.
#pragma once

namespace halcyon::hal {

// From the first call on SIGSEGV, SIGBUS, SIGILL and SIGFPE run the exit hooks, print what happened and a backtrace to the early console,
// and then take their usual course: a core file, or the debugger. Signals that somebody handles already (a sanitizer) stay his. Called once
// per host thread, which gets a stack for the handler: a kernel stack may be what overflowed.
void install_crash_handler();

}  // namespace halcyon::hal
