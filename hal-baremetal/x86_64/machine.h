// The bare x86_64 machine: CPUs with local APICs, started by INIT and STARTUP interrupts, the direct map, I/O APICs, and the devices of a
// PC.
#pragma once

#include <atomic>
#include <cstdint>

#include "hal-baremetal/common/machine.h"
#include "hal-baremetal/drivers/io_apic.h"
#include "hal-baremetal/drivers/ns16550.h"
#include "hal-baremetal/drivers/screen.h"
#include "hal-baremetal/firmware/acpi.h"
#include "hal-baremetal/x86_64/cpu/clock.h"
#include "hal-baremetal/x86_64/cpu/cpu.h"
#include "hal-baremetal/x86_64/cpu/local_apic.h"
#include "hal-baremetal/x86_64/kernel_tables.h"
#include "hal-baremetal/x86_64/layout.h"
#include "hal-baremetal/x86_64/pci.h"
#include "hal-baremetal/x86_64/power.h"

namespace halcyon::hal {

// What the start found.
struct X86Parts {
  x86_64::KernelTables tables;
  x86_64::LocalApic apic;
  x86_64::Clock clock;
  x86_64::Power power;
  std::array<IoApic*, AcpiInfo::most_controllers> io_apics{};
  x86_64::MessageVectors* messages = nullptr;
  Ns16550* serial = nullptr;  // null: there is none
  Screen* screen = nullptr;   // the same
  Console* console = nullptr;
  int64_t realtime_offset = 0;  // nanoseconds
};

class X86Machine final : public BareMachine {
 public:
  explicit X86Machine(const X86Parts& parts) : BareMachine(*parts.console), parts_(parts) {
    x86_64::enable_floating_point();  // CPUID says so
    describe_cpu();
  }

  Isa isa() const override { return Isa::x86_64; }
  std::byte* direct_map() const override { return reinterpret_cast<std::byte*>(x86_64::direct_map_start); }
  void start_cpu(unsigned id, void (*entry)(void*), void* argument) override;
  std::unique_ptr<UserContext> new_context() override;
  void init_root(Root root) override { parts_.tables.fill_root(root); }
  // The CPU's caches agree with each other, and both ways into user mode go by what was stored before.
  void sync_code(uint64_t) override {}
  int64_t monotonic_time() override;
  int64_t realtime_offset() override { return parts_.realtime_offset; }
  void keep_vdso_data(VdsoData* data) override;

  bool map_kernel_page(uint64_t address, uint64_t frame) override { return parts_.tables.map(address, frame); }
  uint64_t unmap_kernel_page(uint64_t address) override { return parts_.tables.unmap(address); }
  void power_off(bool is_failure) override { parts_.power.turn_off(is_failure); }
  void restart() override { parts_.power.reset(); }

  // For the start: CPU 0 first.
  void add_cpu(uint32_t apic, x86_64::CpuTables& tables);
  using BareMachine::add_devices;
  using BareMachine::seed_random;
  using BareMachine::set_memory;

  Root boot_root() const { return parts_.tables.root(); }
  const x86_64::Clock& clock() const { return parts_.clock; }
  x86_64::LocalApic& apic() { return parts_.apic; }
  void dispatch_device_interrupt(unsigned vector);

 private:
  bool is_first_console(std::string_view name) const override {
    return (name == "ttyS0" && parts_.serial) || (name == "tty0" && parts_.screen);
  }
  void set_first_window_size(WindowSize size) override {
    if (parts_.serial) parts_.serial->set_window_size(size);
  }
  void describe_cpu();
  bool wait_for(const X86Cpu& cpu, int64_t patience);

  X86Parts parts_;
};

}  // namespace halcyon::hal
