// PCI on a machine with a device tree ("pci-host-ecam-generic"): configuration space, windows and interrupts are where the node says, and
// no firmware has set anything up. Interrupts are those of the pins, led to the PLIC; devices share them.
#pragma once

#include "hal-baremetal/common/pci.h"
#include "hal-baremetal/drivers/plic.h"
#include "hal-baremetal/firmware/device_tree.h"
#include "hal-baremetal/riscv64/kernel_tables.h"

namespace halcyon::hal::riscv64 {

class RiscvPci final : public PciMachine {
 public:
  // `plic_handle`: the PLIC's phandle.
  RiscvPci(KernelTables& tables, const DeviceTree::Node& node, Plic& plic, uint32_t plic_handle);

  // Nothing: the node does not say.
  std::optional<PciPlace> place() const;

  Registers* map(uint64_t address, uint64_t size) override;
  uint64_t from_bus(uint64_t address) override;
  uint64_t allocate(uint64_t size) override;
  std::optional<PciInterrupt> find_interrupt(PciFunction& function) override;
  void connect(const PciInterrupt& interrupt, InterruptHandler& handler) override { plic_.connect(interrupt.number, handler); }

 private:
  uint64_t long_cell(std::string_view property, unsigned index) const;

  KernelTables& tables_;
  DeviceTree::Node node_;
  Plic& plic_;
  uint32_t plic_handle_;
  // Where registers may be: addresses on the bus, and the machine's of the first.
  uint64_t window_start_ = 0, window_end_ = 0, window_address_ = 0;
  uint64_t next_ = 0;
};

}  // namespace halcyon::hal::riscv64
