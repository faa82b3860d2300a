// /dev/hwrng: the bytes of a device that makes random ones, as they come. Reading blocks until there are as many as were asked for.
#pragma once

#include "core/sync/wait_queue.h"
#include "core/task/kernel.h"
#include "fs/devfs/device.h"
#include "hal/devices.h"

namespace halcyon::fs {

class HardwareRandom final : public CharDevice {
 public:
  // `source` may be null: then the device is not there.
  HardwareRandom(Kernel& kernel, hal::EntropySource* source);

  std::string_view node_name() const override { return source_ ? "hwrng" : ""; }
  // EINVAL for anything but reading.
  Result<Ref<File>> open(uint32_t flags) override;

  // EAGAIN, ENODEV (the device has failed).
  Result<size_t> read(Sink& out, bool nonblocking);

 private:
  struct Handler : EventHandler {
    HardwareRandom* device = nullptr;
  };

  hal::EntropySource* source_;
  WaitQueue readers_;
  Handler handler_;
};

}  // namespace halcyon::fs
