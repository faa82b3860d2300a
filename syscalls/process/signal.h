// What the calls that send signals share.
#pragma once

#include "core/base/result.h"
#include "core/task/signal/signal.h"

namespace halcyon {

class Process;
class Thread;

// kill(2), "PERMISSIONS". Under the tree lock.
bool may_signal(Thread& self, Process& target, int signal);
// To `process`, if the caller may; signal 0 only asks. Under the tree lock. EPERM; EAGAIN: too many are pending.
Result<> send_to_one(Thread& self, Process& process, const SignalInfo& info);
SignalInfo info_from(Thread& self, int signal, int code);
// What says that it comes from the kernel, from kill(2) or from tgkill(2), a program may send to nobody else.
inline bool is_for_itself_only(const SignalInfo& info) { return info.code >= 0 || info.code == si_code::tkill; }

}  // namespace halcyon
