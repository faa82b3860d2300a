// Numbers by name, as strace(1) writes them: one of several, or flags joined by '|'. The tables lie in the *_names.cpp files, by topic.
#pragma once

#include <span>
#include <string_view>

#include "core/base/print.h"
#include "core/task/signal/signal.h"
#include "syscalls/types.h"

namespace halcyon::strace {

struct Name {
  uint64_t value;
  std::string_view text;
};

// "SEEK_SET"; "0x7 /* SEEK_??? */" without a name.
void show_choice(Writer& out, std::span<const Name> names, uint64_t value, std::string_view unknown);
// "PROT_READ|PROT_WRITE", with what has no name in hexadecimal; a value of 0 is the name for 0, or "0".
void show_flags(Writer& out, std::span<const Name> names, uint64_t value, std::string_view unknown);

// file_names.cpp
void show(Writer& out, DirFd value);
void show(Writer& out, Mode value);
void show(Writer& out, DeviceNumber value);
void show(Writer& out, OpenFlags value);
void show(Writer& out, AccessMode value);
void show(Writer& out, AtFlags value);
void show(Writer& out, RenameFlags value);
void show(Writer& out, Seek value);
void show(Writer& out, FcntlCommand value);
void show(Writer& out, IoctlRequest value);
void show(Writer& out, MountFlags value);
void show(Writer& out, StatxMask value);
void show(Writer& out, FlockOperation value);
void show(Writer& out, FallocateMode value);
void show(Writer& out, MemfdFlags value);
void show(Writer& out, IoFlags value);
void show(Writer& out, RseqFlags value);
void show_file_mode(Writer& out, uint32_t mode);  // "S_IFREG|0644"
void show_fcntl_argument(Writer& out, uint32_t command, uint64_t argument);
void show_poll_events(Writer& out, uint32_t events);

// event_names.cpp
void show(Writer& out, EventFlags value);
void show(Writer& out, EpollFlags value);
void show(Writer& out, EpollOperation value);
void show(Writer& out, TimerFileFlags value);
void show(Writer& out, SignalFileFlags value);
void show(Writer& out, InotifyFlags value);
void show(Writer& out, InotifyMask value);

// memory_names.cpp
void show(Writer& out, Hex value);
void show(Writer& out, Protection value);
void show(Writer& out, MapFlags value);
void show(Writer& out, RemapFlags value);
void show(Writer& out, MadviseAdvice value);
void show(Writer& out, MsyncFlags value);

// process_names.cpp
void show(Writer& out, CloneFlags value);
void show(Writer& out, WaitFlags value);
void show(Writer& out, IdType value);
void show(Writer& out, PidfdFlags value);
void show(Writer& out, KcmpType value);
void show(Writer& out, FutexOperation value);
void show(Writer& out, ClockId value);
void show(Writer& out, TimerFlags value);
void show(Writer& out, IntervalWhich value);
void show(Writer& out, ResourceId value);
void show(Writer& out, UsageWho value);
void show(Writer& out, PrctlOption value);
void show(Writer& out, ArchPrctlOption value);
void show(Writer& out, SeccompOperation value);
void show(Writer& out, PersonalityFlags value);
void show(Writer& out, SeccompFlags value);
unsigned prctl_arguments(int option);  // those that it takes, itself among them
void show(Writer& out, RandomFlags value);
void show(Writer& out, PriorityWhich value);
void show(Writer& out, SchedPolicy value);

// signal_names.cpp
void show(Writer& out, Signal value);  // "SIGINT"
void show(Writer& out, SigmaskHow value);
void show_signals(Writer& out, SignalSet set);  // "[INT CHLD]", "~[KILL STOP]"
void show_action_flags(Writer& out, uint64_t flags);
void show_stack_flags(Writer& out, uint64_t flags);
void show_wait_status(Writer& out, int status);              // "WIFEXITED(s) && WEXITSTATUS(s) == 0"
void show_signal_info(Writer& out, const SignalInfo& info);  // "{si_signo=SIGINT, ...}"

// What is a plain number prints as one.
template <class T>
  requires std::is_integral_v<T>
void show(Writer& out, T value) {
  print(out, "{}", value);
}
inline void show(Writer& out, Fd value) { show(out, value.value); }
inline void show(Writer& out, Pid value) { show(out, value.value); }
inline void show(Writer& out, Uid value) { show(out, static_cast<int>(value.value)); }
inline void show(Writer& out, Gid value) { show(out, static_cast<int>(value.value)); }

// "NULL", "0x7ffc1000".
void show_address(Writer& out, uint64_t address);

}  // namespace halcyon::strace
