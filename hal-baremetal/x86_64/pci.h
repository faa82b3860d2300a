// PCI on a PC: configuration space where ACPI's MCFG says, windows where firmware put them, interrupts by messages to the local APIC.
#pragma once

#include <array>

#include "hal-baremetal/common/pci.h"
#include "hal-baremetal/x86_64/kernel_tables.h"
#include "hal-baremetal/x86_64/layout.h"

namespace halcyon::hal::x86_64 {

// The vectors that are for messages, from message_vectors on.
class MessageVectors {
 public:
  // The next that is unused; nothing: there is none.
  std::optional<unsigned> allocate();
  void connect(unsigned number, InterruptHandler& handler) { handlers_[number] = &handler; }
  // On an interrupt by that one, which is then to be ended at the local APIC.
  void dispatch(unsigned number) {
    if (handlers_[number]) handlers_[number]->handle_interrupt();
  }

 private:
  std::array<InterruptHandler*, message_vector_count> handlers_{};
  unsigned used_ = 0;
};

class X86Pci final : public PciMachine {
 public:
  // Interrupts go to the CPU whose local APIC is `target`.
  X86Pci(KernelTables& tables, MessageVectors& vectors, uint32_t target) : tables_(tables), vectors_(vectors), target_(target) {}

  Registers* map(uint64_t address, uint64_t size) override;
  uint64_t from_bus(uint64_t address) override { return address; }
  // Firmware has placed all that it is to be.
  uint64_t allocate(uint64_t) override { return 0; }
  std::optional<PciInterrupt> find_interrupt(PciFunction& function) override;
  void connect(const PciInterrupt& interrupt, InterruptHandler& handler) override { vectors_.connect(interrupt.number, handler); }

 private:
  KernelTables& tables_;
  MessageVectors& vectors_;
  uint32_t target_;
};

}  // namespace halcyon::hal::x86_64
