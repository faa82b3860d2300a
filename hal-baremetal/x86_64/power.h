// How a PC ends: by the registers that ACPI names, else by what PCs and QEMU have besides.
#pragma once

#include "hal-baremetal/firmware/acpi.h"
#include "hal-baremetal/x86_64/kernel_tables.h"

namespace halcyon::hal::x86_64 {

class Power {
 public:
  // Makes the registers reachable.
  void initialize(const AcpiInfo& acpi, KernelTables& tables);

  // Return if the machine goes on.
  void turn_off(bool is_failure);
  void reset();

 private:
  void enter_sleep();

  AcpiInfo acpi_;
};

// Ends QEMU by its isa-debug-exit device, the only thing that says that something failed. Also works before anything is known of the
// machine.
void leave_emulator(bool is_failure);

}  // namespace halcyon::hal::x86_64
