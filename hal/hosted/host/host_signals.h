// Signals of the host that mean something to the guest: those that a terminal's keys make, a new window size, and the end of a stop.
//
// Handlers only note them, and wake whoever sleeps in HostPoll::wait through a descriptor, so that none is slept over.
#pragma once

#include <csignal>
#include <cstdint>

namespace halcyon::hal {

// A bit per signal: 1 << (number - 1).
using HostSignalSet = uint32_t;
constexpr HostSignalSet signal_bit(int number) { return HostSignalSet{1} << (number - 1); }

// From now on SIGINT, SIGQUIT (from a terminal; another process's still end this one), SIGTSTP, SIGCONT and SIGWINCH are noted. What the
// caller of this process ignores stays ignored. Idempotent. False if the host has no descriptor left.
bool catch_host_signals();
bool has_host_signals();
// Readable while something is noted; -1 before catch_host_signals.
int host_signal_descriptor();
// After `nanoseconds` SIGALRM is noted, once; if that did not end this process, it ends soon after, with `status`.
void set_host_timeout(int64_t nanoseconds, int status);
// What was noted since the last call; perhaps nothing, though the descriptor was readable.
HostSignalSet take_host_signals();
// Stops this process by `number`, one of the signals that stop, and returns when it was continued; at once if its group is orphaned.
void stop_by_signal(int number);
// Whether somebody could continue this process if it were stopped: an ancestor in its session, but in another process group (POSIX: the
// group is not orphaned).
bool has_job_control();

}  // namespace halcyon::hal
