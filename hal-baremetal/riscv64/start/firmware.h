// What the device tree says about this kind of machine, in the terms of the start.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hal-baremetal/firmware/device_tree.h"
#include "hal-baremetal/firmware/memory_map.h"

namespace halcyon::hal::riscv64 {

struct Harts {
  static constexpr unsigned most = 64;
  struct Hart {
    uint64_t id;
    uint32_t interrupts;  // phandle of its interrupt controller
  };
  std::array<Hart, most> harts;
  unsigned count = 0;
};

// Harts that are enabled and can translate addresses by Sv39.
Harts find_harts(const DeviceTree& tree);
uint64_t find_timebase(const DeviceTree& tree);
// RAM, less what firmware keeps; the caller reserves what else is in use.
void find_memory(const DeviceTree& tree, MemoryMap& map);
// What the boot loader loaded as initramfs; size 0 if nothing.
DeviceTree::Region find_initramfs(const DeviceTree& tree);
// The serial line that firmware uses, or else the first one.
std::optional<DeviceTree::Node> find_serial(const DeviceTree& tree);
// The PLIC's context that is the supervisor mode of `hart`.
std::optional<unsigned> find_plic_context(const DeviceTree::Node& plic, const Harts& harts, uint64_t hart);

}  // namespace halcyon::hal::riscv64
