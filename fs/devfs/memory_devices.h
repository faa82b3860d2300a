// /dev/null, zero, full, random and urandom (null(4), full(4), random(4)).
#pragma once

#include <span>

#include "fs/devfs/device.h"

namespace halcyon::fs {

// Where unpredictable bytes come from: the machine.
class RandomSource {
 public:
  virtual void fill(std::span<std::byte> bytes) = 0;

 protected:
  ~RandomSource() = default;
};

namespace device_number {
inline constexpr uint64_t null = make_device(1, 3), zero = make_device(1, 5), full = make_device(1, 7), random = make_device(1, 8);
inline constexpr uint64_t urandom = make_device(1, 9), tty = make_device(5, 0), console = make_device(5, 1), ptmx = make_device(5, 2);
}  // namespace device_number

enum class MemoryDeviceKind : uint8_t { null, zero, full, random };

class MemoryDevice final : public CharDevice {
 public:
  MemoryDevice(uint64_t number, MemoryDeviceKind kind, RandomSource* random) : CharDevice(number), kind_(kind), random_(random) {}
  Result<Ref<File>> open(uint32_t flags) override;

 private:
  MemoryDeviceKind kind_;
  RandomSource* random_;
};

// All of them; lives as long as the Vfs.
class MemoryDevices {
 public:
  explicit MemoryDevices(RandomSource& random);
  void add_to(DeviceRegistry& registry);

 private:
  MemoryDevice null_, zero_, full_, random_, urandom_;
};

}  // namespace halcyon::fs
