// Changing who a thread is: what every call that does so has in common.
#pragma once

#include "core/task/process/credentials.h"

namespace halcyon {

class Thread;

inline constexpr uint32_t unchanged_id = ~uint32_t{0};  // (uid_t)-1

// Makes the thread act as `next`. When the effective ids or the file-system ids change, others lose the right to look into the process, and
// its death signal is forgotten, as after credentials(7).
void become(Thread& self, Ref<Credentials> next);

// What happens to the capabilities of whoever leaves or becomes root (capabilities(7), "Effect of user ID changes on capabilities").
void adjust_capabilities(const Credentials& old, Credentials& next);

}  // namespace halcyon
