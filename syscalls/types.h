// The types of system-call parameters. A type says what a register means: how it is narrowed, and how strace prints it.
#pragma once

#include <cstdint>

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/base/user_ptr.h"

namespace halcyon {

class Thread;

// A number of type T that stands for something of its own; converts back to T freely.
template <class Tag, class T>
struct Typed {
  T value;
  constexpr operator T() const { return value; }
};

using Fd = Typed<struct FdTag, int>;
using DirFd = Typed<struct DirFdTag, int>;  // or AT_FDCWD
using Pid = Typed<struct PidTag, int>;
using Uid = Typed<struct UidTag, uint32_t>;
using Gid = Typed<struct GidTag, uint32_t>;
using Mode = Typed<struct ModeTag, uint32_t>;  // printed in octal
using DeviceNumber = Typed<struct DeviceTag, uint64_t>;
using Signal = Typed<struct SignalTag, int>;
using OpenFlags = Typed<struct OpenFlagsTag, uint32_t>;
using AccessMode = Typed<struct AccessModeTag, uint32_t>;
using AtFlags = Typed<struct AtFlagsTag, uint32_t>;
using RenameFlags = Typed<struct RenameFlagsTag, uint32_t>;
using Seek = Typed<struct SeekTag, uint32_t>;
using FcntlCommand = Typed<struct FcntlTag, uint32_t>;
using IoctlRequest = Typed<struct IoctlTag, uint32_t>;
using Protection = Typed<struct ProtectionTag, uint32_t>;
using MapFlags = Typed<struct MapFlagsTag, uint32_t>;
using RemapFlags = Typed<struct RemapFlagsTag, uint32_t>;
using MadviseAdvice = Typed<struct MadviseTag, int>;
using MsyncFlags = Typed<struct MsyncTag, uint32_t>;
using CloneFlags = Typed<struct CloneFlagsTag, uint64_t>;
using WaitFlags = Typed<struct WaitFlagsTag, uint32_t>;
using PidfdFlags = Typed<struct PidfdFlagsTag, uint32_t>;  // of pidfd_open
using KcmpType = Typed<struct KcmpTag, int>;
using IdType = Typed<struct IdTypeTag, int>;
using SigmaskHow = Typed<struct SigmaskHowTag, int>;
using FutexOperation = Typed<struct FutexOperationTag, uint32_t>;
using ClockId = Typed<struct ClockIdTag, int>;
using TimerFlags = Typed<struct TimerFlagsTag, uint32_t>;
using IntervalWhich = Typed<struct IntervalWhichTag, int>;
using ResourceId = Typed<struct ResourceIdTag, uint32_t>;
using UsageWho = Typed<struct UsageWhoTag, int>;
using PrctlOption = Typed<struct PrctlTag, int>;
using PersonalityFlags = Typed<struct PersonalityTag, uint32_t>;
using SeccompOperation = Typed<struct SeccompOperationTag, uint32_t>;
using SeccompFlags = Typed<struct SeccompFlagsTag, uint32_t>;
using ArchPrctlOption = Typed<struct ArchPrctlTag, int>;
using RandomFlags = Typed<struct RandomFlagsTag, uint32_t>;
using MountFlags = Typed<struct MountFlagsTag, uint64_t>;
using StatxMask = Typed<struct StatxMaskTag, uint32_t>;
using PriorityWhich = Typed<struct PriorityWhichTag, int>;
using SchedPolicy = Typed<struct SchedPolicyTag, int>;
using FlockOperation = Typed<struct FlockTag, uint32_t>;
using IoFlags = Typed<struct IoFlagsTag, uint32_t>;   // of preadv2
using MemfdFlags = Typed<struct MemfdTag, uint32_t>;  // of memfd_create
using FallocateMode = Typed<struct FallocateTag, uint32_t>;
using EpollFlags = Typed<struct EpollFlagsTag, uint32_t>;  // of epoll_create1
using EpollOperation = Typed<struct EpollOperationTag, int>;
using TimerFileFlags = Typed<struct TimerFileFlagsTag, uint32_t>;    // of timerfd_create
using SignalFileFlags = Typed<struct SignalFileFlagsTag, uint32_t>;  // of signalfd4
using EventFlags = Typed<struct EventFlagsTag, uint32_t>;            // of eventfd2
using InotifyFlags = Typed<struct InotifyFlagsTag, uint32_t>;        // of inotify_init1
using InotifyMask = Typed<struct InotifyMaskTag, uint32_t>;          // of inotify_add_watch
using RseqFlags = Typed<struct RseqTag, int>;
using Hex = Typed<struct HexTag, uint64_t>;

// Structures of user memory that are the same on every 64-bit ISA. Those that differ are put and got by Abi (syscalls/abi/abi.h).
struct Timespec {
  int64_t seconds;
  int64_t nanoseconds;
};
struct Timeval {
  int64_t seconds;
  int64_t microseconds;
};
struct Itimerspec {
  Timespec interval, value;
};
struct Itimerval {
  Timeval interval, value;
};
struct Iovec {
  uint64_t base, length;
};
struct PollFd {
  int32_t fd;
  int16_t events, returned;
};
struct Rlimit {
  uint64_t soft, hard;
};
struct HardwareProbe {  // struct riscv_hwprobe
  int64_t key;
  uint64_t value;
};

// What exists only to name a pointee in the table: the kernel's view of it is put and got by Abi, or is bytes.
struct UserStat;
struct UserSigaction;
struct UserSiginfo;
struct UserStatx;
struct UserStatfs;
struct UserRusage;
struct UserUtsname;
struct UserSysinfo;
struct UserStack;
struct UserDirent;
struct UserCloneArgs;
struct UserOpenHow;
struct UserTms;
struct UserSigset;
struct UserEpollEvent;
struct UserSigevent;

}  // namespace halcyon
