#include "hal-baremetal/common/pci.h"

#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/common/virtio.h"
#include "hal-baremetal/drivers/virtio/pci_transport.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

// Nothing on success, else why the function cannot be used.
std::string_view add_virtio_function(PciMachine& machine, PciFunction& function, VirtioType type, DmaMemory& memory, DeviceList& devices) {
  if (!function.place_windows(machine)) return "has registers for which there is no room";
  auto interrupt = machine.find_interrupt(function);
  if (!interrupt) return "has no interrupt that this machine can use";
  function.enable(interrupt->is_message);
  if (interrupt->is_message && !function.set_message(machine, interrupt->address, interrupt->data)) return "has no table of messages";
  auto& transport = make_for_boot<PciTransport>();
  auto complaint = transport.initialize(machine, function, interrupt->is_message);
  if (!complaint.empty()) return complaint;
  if (InterruptHandler* handler = add_virtio_device(type, transport, memory, devices)) machine.connect(*interrupt, *handler);
  return {};
}

}  // namespace

void add_pci_devices(PciMachine& machine, const PciPlace& place, DmaMemory& memory, DeviceList& devices) {
  PciSegment segment(machine, place.address, place.first_bus, place.last_bus);
  segment.for_each([&](PciFunction& function) {
    VirtioType type = identify_virtio(function);
    if (!has_virtio_driver(type)) return;
    auto complaint = add_virtio_function(machine, function, type, memory, devices);
    if (complaint.empty()) return;
    print(early_console(), "halcyon: PCI device {:02x}:{:02x}.{} {}; it is not used\n", function.bus(), function.device(),
          function.function(), complaint);
  });
}

}  // namespace halcyon::hal
