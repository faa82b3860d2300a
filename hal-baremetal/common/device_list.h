// What of devices was found on the buses, besides those that every machine has.
#pragma once

#include <array>

#include "hal/devices.h"

namespace halcyon::hal {

struct DeviceList {
  static constexpr size_t most_disks = 8;

  std::array<BlockDevice*, most_disks> disks{};
  size_t disk_count = 0;
  EntropySource* entropy = nullptr;  // the first; null: none
};

}  // namespace halcyon::hal
