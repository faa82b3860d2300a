// The floating-point state in a signal's frame (arch/x86/kernel/fpu/signal.c): FXSAVE's 512 bytes or the whole XSAVE area, of which the
// bytes that the CPU leaves to software say how much there is, and behind which a second magic number says that nobody cut it off.
#pragma once

#include "core/base/user_ptr.h"
#include "core/task/thread.h"

namespace halcyon {

// Bytes that it takes.
size_t floating_point_frame_size(Thread& self);
// Whether there is more than FXSAVE's part.
bool has_extended_state();
// `at`: 64-byte aligned.
Result<> put_floating_point_frame(Thread& self, UserAddr at);
// Takes the state over. `at` 0: the initial state. Where the magic numbers or sizes are wrong, FXSAVE's part alone counts. inval: the state
// holds what no CPU takes.
Result<> get_floating_point_frame(Thread& self, UserAddr at);

}  // namespace halcyon
