#include "hal-baremetal/common/virtio.h"

#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/drivers/virtio/block.h"
#include "hal-baremetal/drivers/virtio/console.h"
#include "hal-baremetal/drivers/virtio/entropy.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

// Null, and said why, if the device cannot be used.
template <class Driver>
Driver* make_driver(std::string_view what, VirtioTransport& transport, DmaMemory& memory) {
  auto& driver = make_for_boot<Driver>(transport, memory);
  std::string_view complaint = driver.initialize();
  if (complaint.empty()) return &driver;
  print(early_console(), "halcyon: {} {}; it is not used\n", what, complaint);
  return nullptr;
}

}  // namespace

std::byte* BootDmaMemory::allocate(size_t size, size_t alignment) { return static_cast<std::byte*>(allocate_for_boot(size, alignment)); }

uint64_t BootDmaMemory::address_of(const void* place) const {
  auto address = reinterpret_cast<uint64_t>(place);
  return address - (address >= image_offset_ ? image_offset_ : direct_map_);
}

bool has_virtio_driver(VirtioType type) { return type == VirtioType::block || type == VirtioType::console || type == VirtioType::entropy; }

InterruptHandler* add_virtio_device(VirtioType type, VirtioTransport& transport, DmaMemory& memory, DeviceList& devices) {
  switch (type) {
    case VirtioType::entropy: {
      if (devices.entropy) return nullptr;
      auto* driver = make_driver<VirtioEntropy>("an entropy device", transport, memory);
      devices.entropy = driver;
      return driver;
    }
    case VirtioType::block: {
      if (devices.disk_count == devices.disks.size()) return nullptr;
      auto* driver = make_driver<VirtioBlock>("a disk", transport, memory);
      if (driver) devices.disks[devices.disk_count++] = driver;
      return driver;
    }
    case VirtioType::console: {
      if (devices.console) return nullptr;
      devices.console = make_driver<VirtioConsole>("a console", transport, memory);
      return devices.console;
    }
    default: return nullptr;
  }
}

}  // namespace halcyon::hal
