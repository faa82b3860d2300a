// The floating-point state in a signal's frame (arch/x86/kernel/fpu/signal.c): FXSAVE's 512 bytes or the whole XSAVE area, of which the
// bytes that the CPU leaves to software say how much there is, and behind which a second magic number says that nobody cut it off.
#pragma once

#include <span>

#include "core/base/user_ptr.h"
#include "core/task/thread.h"

namespace halcyon {

// Bytes that it takes, and the most that it can.
inline constexpr size_t floating_point_frame_most = 832 + 4;
size_t floating_point_frame_size(Thread& self);
// Whether there is more than FXSAVE's part.
bool has_extended_state();
// `frame`, of that size, is to lie 64-byte aligned in user memory.
void make_floating_point_frame(Thread& self, std::span<std::byte> frame);
// Takes the state over from user memory; `frame`: as much of it as the caller has at hand, perhaps where it lies and user code may change
// it; empty: nothing. `at` 0: the initial state. Where the magic numbers or sizes are wrong, FXSAVE's part alone counts. EFAULT; inval: the
// state holds what no CPU takes.
Result<> take_floating_point_frame(Thread& self, UserAddr at, std::span<const std::byte> frame);

}  // namespace halcyon
