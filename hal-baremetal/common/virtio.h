// From a virtio device that was found on some bus to the driver that serves it.
#pragma once

#include "hal-baremetal/common/boot/device_list.h"
#include "hal-baremetal/drivers/dma_memory.h"
#include "hal-baremetal/drivers/interrupts.h"
#include "hal-baremetal/drivers/virtio/transport.h"

namespace halcyon::hal {

// The region for objects of the start, and the direct map.
class BootDmaMemory final : public DmaMemory {
 public:
  // `image_offset`: what the image's addresses are above the physical ones; they lie above the direct map.
  BootDmaMemory(uint64_t direct_map, uint64_t image_offset) : direct_map_(direct_map), image_offset_(image_offset) {}
  std::byte* allocate(size_t size, size_t alignment) override;
  uint64_t address_of(const void* place) const override;

 private:
  uint64_t direct_map_, image_offset_;
};

bool has_virtio_driver(VirtioType type);

// Makes the driver of a device, which lasts for good, and enters it in the list. Returns whom the device's interrupt is to be connected to;
// null if the device is of no use here: if it should have been, that was said.
InterruptHandler* add_virtio_device(VirtioType type, VirtioTransport& transport, DmaMemory& memory, DeviceList& devices);

}  // namespace halcyon::hal
