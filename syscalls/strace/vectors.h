// Arrays of user memory: of strings, buffers, descriptors, times.
#pragma once

#include "syscalls/strace/call.h"

namespace halcyon::strace {

void show_vectors(Writer& out, const Call& call, unsigned index);   // iovec, its length the next argument
void show_poll_fds(Writer& out, const Call& call, unsigned index);  // what poll(2) is asked, the number the next argument
void show_hardware_probes(Writer& out, const Call& call, unsigned index);
void show_ready_fds(Writer& out, const Call& call);                     // what it answers: "[{fd=3, revents=POLLIN}]"
void show_fd_set(Writer& out, const Call& call, unsigned index);        // of select(2), the count the first argument
void show_strings(Writer& out, const Call& call, unsigned index);       // argv
void show_environment(Writer& out, const Call& call, unsigned index);   // "0x7ffe10 /* 21 vars */"
void show_two_fds(Writer& out, const Call& call, unsigned index);       // of pipe(2)
void show_two_times(Writer& out, const Call& call, unsigned index);     // of utimensat(2)
void show_entries(Writer& out, const Call& call, unsigned index);       // of getdents64(2): "0x55d010 /* 5 entries */"
void show_epoll_events(Writer& out, const Call& call, unsigned index);  // of epoll_wait(2); in event_names.cpp
void show_cpu_mask(Writer& out, const Call& call, unsigned index);      // "[0 1]", its size the argument before

}  // namespace halcyon::strace
