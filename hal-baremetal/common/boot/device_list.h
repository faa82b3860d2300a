// What of devices was found on the buses, besides those that every machine has.
#pragma once

#include <array>

#include "hal/devices.h"

namespace halcyon::hal {

class VirtioConsole;

struct DeviceList {
  static constexpr size_t most_disks = 8;

  std::array<BlockDevice*, most_disks> disks{};
  size_t disk_count = 0;
  // The first of their kind; null: none.
  EntropySource* entropy = nullptr;
  VirtioConsole* console = nullptr;
};

}  // namespace halcyon::hal
