// The structures of the ABI that tests look at.
#pragma once

#include <cstdint>

#include "core/base/types.h"
#include "syscalls/types.h"

namespace halcyon::test {

// siginfo_t.
struct Siginfo {
  int32_t number, error, code, padding;
  union {
    struct {
      int32_t pid;
      uint32_t uid;
      union {
        int32_t status;
        uint64_t value;
      };
      int64_t user_time, system_time;
    };
    uint64_t address;
    uint64_t words[14];
  };
};
static_assert(sizeof(Siginfo) == 128);

struct StackT {  // stack_t
  uint64_t base;
  int32_t flags, padding;
  uint64_t size;
};

// What of stat(2) tests look at, whatever the ISA.
struct StatView {
  uint64_t device, inode, links, mode, uid, gid, special_device, size, block_size, blocks;
  Timespec accessed, modified, changed;
};

struct Rusage {
  Timeval user_time, system_time;
  int64_t max_resident, shared, data, stack, minor_faults, major_faults, swaps, in_blocks, out_blocks, sent, received, signals,
      voluntary_switches, involuntary_switches;
};
static_assert(sizeof(Rusage) == 144);

constexpr uint64_t bit(int signal) { return uint64_t{1} << (signal - 1); }

}  // namespace halcyon::test
