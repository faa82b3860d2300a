// The device nodes of the console terminal: /dev/console, and /dev/tty, which is whatever terminal the caller's session has.
#pragma once

#include "core/tty/tty.h"
#include "fs/devfs/memory_devices.h"

namespace halcyon::fs {

class ConsoleDevice final : public CharDevice {
 public:
  explicit ConsoleDevice(Tty& tty) : CharDevice(device_number::console), tty_(tty) {}
  Result<Ref<File>> open(uint32_t flags) override { return open_tty(tty_, flags); }

 private:
  Tty& tty_;
};

class ControllingTerminal final : public CharDevice {
 public:
  ControllingTerminal() : CharDevice(device_number::tty) {}
  Result<Ref<File>> open(uint32_t flags) override { return open_controlling_tty(flags); }
};

}  // namespace halcyon::fs
