// What of devices was found on the buses, besides those that every machine has.
#pragma once

#include "hal/devices.h"

namespace halcyon::hal {

struct DeviceList {
  EntropySource* entropy = nullptr;  // the first; null: none
};

}  // namespace halcyon::hal
