// The bare riscv64 machine: harts started by the firmware's HSM calls, the direct map, the PLIC, and the devices that the device tree
// names.
#pragma once

#include <atomic>
#include <cstdint>

#include "hal-baremetal/common/machine.h"
#include "hal-baremetal/drivers/ns16550.h"
#include "hal-baremetal/drivers/plic.h"
#include "hal-baremetal/riscv64/cpu/cpu.h"
#include "hal-baremetal/riscv64/kernel_tables.h"
#include "hal-baremetal/riscv64/layout.h"

namespace halcyon::hal {

// What the device tree says, as the start found it.
struct RiscvParts {
  uint64_t timebase = 0;  // ticks per second
  Ns16550* serial = nullptr;
  Plic* plic = nullptr;              // null: no device interrupts
  Registers* test_device = nullptr;  // ends QEMU with a status; null: the firmware ends the machine
  int64_t realtime = 0;              // nanoseconds since 1970 when `realtime_at`; 0: no clock
  uint64_t realtime_at = 0;          // ticks
};

class RiscvMachine final : public BareMachine {
 public:
  explicit RiscvMachine(const RiscvParts& parts);

  Isa isa() const override { return Isa::riscv64; }
  std::byte* direct_map() const override { return reinterpret_cast<std::byte*>(riscv64::direct_map_start); }
  void start_cpu(unsigned id, void (*entry)(void*), void* argument) override;
  std::unique_ptr<UserContext> new_context() override;
  void init_root(Root root) override { tables_.fill_root(root); }
  void sync_code(uint64_t address) override;
  int64_t monotonic_time() override;
  int64_t realtime_offset() override { return realtime_offset_; }
  void keep_vdso_data(VdsoData* data) override;

  bool map_kernel_page(uint64_t address, uint64_t frame) override { return tables_.map(address, frame); }
  uint64_t unmap_kernel_page(uint64_t address) override { return tables_.unmap(address); }
  void power_off(bool is_failure) override;
  void restart() override;

  // For the start: CPU 0 first.
  void add_hart(uint64_t hart);
  using BareMachine::add_devices;
  using BareMachine::seed_random;
  using BareMachine::set_memory;
  riscv64::KernelTables& tables() { return tables_; }

  Root boot_root() const { return tables_.root(); }
  uint64_t code_generation() const { return code_generation_.load(std::memory_order_acquire); }
  void dispatch_device_interrupts();
  // The first tick at which monotonic_time() has reached `time`.
  uint64_t ticks_at(int64_t time) const;
  uint64_t to_ticks(int64_t nanoseconds) const;

 private:
  bool is_first_console(std::string_view name) const override { return name == "ttyS0"; }
  void set_first_window_size(WindowSize size) override { parts_.serial->set_window_size(size); }

  RiscvParts parts_;
  riscv64::KernelTables tables_;
  // monotonic_time() = ticks * multiplier_ >> shift_.
  uint64_t multiplier_;
  static constexpr unsigned shift_ = 24;
  int64_t realtime_offset_ = 0;
  std::atomic<uint64_t> code_generation_{0};  // counts sync_code()
};

}  // namespace halcyon::hal
