// /dev/crash, there only with the parameter `crash`: what root writes to it is what the kernel dies of. So the report of a panic can be
// tested on a machine that has no such fault of its own.
#pragma once

#include "fs/devfs/device.h"

namespace halcyon {

// panic: a failed assertion's way. fault: a write to no memory. instruction: one that the CPU does not know. overflow: a full kernel stack.
class CrashDevice final : public fs::CharDevice {
 public:
  static constexpr uint64_t device = make_device(10, 240);
  CrashDevice() : CharDevice(device) {}
  Result<Ref<File>> open(uint32_t flags) override;
};

}  // namespace halcyon
