// The drivers behind character device nodes. A node, in whatever file system it lies, is only a number; opening it asks the driver that is
// registered for that number for a File.
#pragma once

#include "core/file/file.h"

namespace halcyon::fs {

// Registered for the Vfs's lifetime.
class CharDevice {
 public:
  explicit CharDevice(uint64_t number) : number_(number) {}
  virtual ~CharDevice() = default;
  uint64_t number() const { return number_; }
  // A new open description with these flags (open_flag). The VFS then gives it its place. ENXIO, ENODEV; may block.
  virtual Result<Ref<File>> open(uint32_t flags) = 0;

 private:
  friend class DeviceRegistry;
  uint64_t number_;
  CharDevice* next_ = nullptr;
};

// Filled while the kernel is composed, then only read.
class DeviceRegistry {
 public:
  void add(CharDevice& device) {
    device.next_ = first_;
    first_ = &device;
  }
  // The last added for that number; null if there is none.
  CharDevice* find(uint64_t number) const {
    CharDevice* device = first_;
    while (device && device->number_ != number) device = device->next_;
    return device;
  }

 private:
  CharDevice* first_ = nullptr;
};

}  // namespace halcyon::fs
