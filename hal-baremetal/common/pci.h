// From PCI's configuration space to the drivers that serve what is there: virtio devices.
#pragma once

#include <optional>

#include "hal-baremetal/common/boot/device_list.h"
#include "hal-baremetal/drivers/dma_memory.h"
#include "hal-baremetal/drivers/interrupts.h"
#include "hal-baremetal/drivers/pci/configuration.h"

namespace halcyon::hal {

// How a function interrupts: by a message, which is a store of `data` to `address`, or by its pin.
struct PciInterrupt {
  unsigned number = 0;  // the machine's
  bool is_message = false;
  uint64_t address = 0;
  uint32_t data = 0;
};

class PciMachine : public PciPlatform {
 public:
  // An interrupt for the function; nothing: there is none that both can.
  virtual std::optional<PciInterrupt> find_interrupt(PciFunction& function) = 0;
  // Where find_interrupt() led to goes to `handler` from now on.
  virtual void connect(const PciInterrupt& interrupt, InterruptHandler& handler) = 0;

 protected:
  ~PciMachine() = default;
};

// Where firmware says that a configuration space is: as PciSegment's.
struct PciPlace {
  uint64_t address = 0;
  unsigned first_bus = 0, last_bus = 0;
};

void add_pci_devices(PciMachine& machine, const PciPlace& place, DmaMemory& memory, DeviceList& devices);

}  // namespace halcyon::hal
