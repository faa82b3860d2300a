#include "hal-baremetal/x86_64/power.h"

#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal-baremetal/x86_64/layout.h"
#include "hal/port.h"

namespace halcyon::hal::x86_64 {
namespace {

using Space = AcpiRegister::Space;

volatile std::byte* in_direct_map(uint64_t address) { return reinterpret_cast<volatile std::byte*>(direct_map_start + address); }

uint16_t read16(const AcpiRegister& where) {
  if (where.space == Space::port) return in16(static_cast<uint16_t>(where.address));
  return where.space == Space::memory ? *reinterpret_cast<volatile uint16_t*>(in_direct_map(where.address)) : uint16_t{0};
}

void write16(const AcpiRegister& where, uint16_t value) {
  if (where.space == Space::port) out16(static_cast<uint16_t>(where.address), value);
  else if (where.space == Space::memory) *reinterpret_cast<volatile uint16_t*>(in_direct_map(where.address)) = value;
}

void write8(const AcpiRegister& where, uint8_t value) {
  if (where.space == Space::port) out8(static_cast<uint16_t>(where.address), value);
  else if (where.space == Space::memory) *reinterpret_cast<volatile uint8_t*>(in_direct_map(where.address)) = value;
}

// What was asked for takes effect after a while.
void wait() {
  constexpr int while_size = 1'000'000;
  for (int count = 0; count < while_size; ++count) spin_pause();
}

}  // namespace

void Power::initialize(const AcpiInfo& acpi, KernelTables& tables) {
  acpi_ = acpi;
  for (AcpiRegister* where : {&acpi_.reset, &acpi_.control_a, &acpi_.control_b, &acpi_.sleep_control})
    if (where->space == Space::memory && !tables.map_device(where->address, sizeof(uint64_t))) *where = {};
}

// ACPI specification 7.2 and 4.8.3.2 (PM1 control registers), 4.8.3.7 (sleep control register).
void Power::enter_sleep() {
  constexpr uint16_t is_on = 1, type_mask = 7 << 10, enable = 1 << 13;
  constexpr unsigned type_shift = 10, reduced_type_shift = 2;
  constexpr uint8_t reduced_enable = 1 << 5;
  constexpr int patience = 1000;
  if (!acpi_.can_sleep) return;
  if (acpi_.sleep_control.space != Space::none)
    write8(acpi_.sleep_control, static_cast<uint8_t>(acpi_.sleep_type_a << reduced_type_shift | reduced_enable));
  if (acpi_.control_a.space == Space::none) return;
  if (!(read16(acpi_.control_a) & is_on) && acpi_.command_port != 0 && acpi_.enable_command != 0) {
    out8(acpi_.command_port, acpi_.enable_command);
    for (int tries = 0; tries < patience && !(read16(acpi_.control_a) & is_on); ++tries) in8(0x80);
  }
  auto value = [&](const AcpiRegister& where, uint8_t type) {
    return static_cast<uint16_t>((read16(where) & ~type_mask) | type << type_shift | enable);
  };
  write16(acpi_.control_a, value(acpi_.control_a, acpi_.sleep_type_a));
  write16(acpi_.control_b, value(acpi_.control_b, acpi_.sleep_type_b));
  wait();
}

void Power::turn_off(bool is_failure) {
  if (!is_failure) enter_sleep();
  leave_emulator(is_failure);
}

void leave_emulator(bool is_failure) {
  constexpr uint32_t under_hypervisor = 1u << 31;
  constexpr uint16_t debug_exit = 0xf4;
  if (cpuid(1).ecx & under_hypervisor) out32(debug_exit, is_failure ? 1 : 0);
}

void Power::reset() {
  constexpr uint16_t reset_control = 0xcf9, keyboard_command = 0x64;
  constexpr uint8_t full_reset = 6, pulse_reset = 0xfe;
  write8(acpi_.reset, acpi_.reset_value);
  wait();
  out8(reset_control, full_reset);
  wait();
  out8(keyboard_command, pulse_reset);
  wait();
}

}  // namespace halcyon::hal::x86_64
