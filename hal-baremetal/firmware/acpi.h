// ACPI tables (ACPI specification 6.5, chapter 5), as far as a kernel without an interpreter of their byte code needs them: which CPUs and
// interrupt controllers there are (MADT), the fixed hardware (FADT), PCI (MCFG), how to turn the machine off.
//
// Lengths and checksums are held against what is there before anything is used.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "hal-baremetal/firmware/physical_memory.h"

namespace halcyon::hal {

// Where a register is (5.2.3.2, Generic Address Structure).
struct AcpiRegister {
  enum class Space : uint8_t { memory = 0, port = 1, none = 0xff };
  Space space = Space::none;
  uint64_t address = 0;
};

struct AcpiInfo {
  static constexpr size_t most_cpus = 64, most_controllers = 8, legacy_inputs = 16;

  // MADT.
  std::array<uint32_t, most_cpus> cpus{};  // numbers of their local APICs
  size_t cpu_count = 0;
  struct Controller {
    uint64_t address;
    uint32_t first_input;
  };
  std::array<Controller, most_controllers> controllers{};
  size_t controller_count = 0;
  // What the old inputs of a PC became.
  struct Input {
    uint32_t number;
    bool is_level = false, is_low = false;
  };
  std::array<Input, legacy_inputs> inputs{};

  // MCFG: PCI's configuration space, of the first segment.
  struct Segment {
    uint64_t address = 0;  // 0: none
    uint8_t first_bus = 0, last_bus = 0;
  };
  Segment pci;

  // FADT.
  uint16_t power_timer = 0;      // port; 0: none
  uint8_t century_register = 0;  // of the real-time clock; 0: none
  AcpiRegister reset;
  uint8_t reset_value = 0;
  // Going to sleep state 5: the values belong to the two control registers, or to the one of machines with reduced hardware.
  AcpiRegister control_a, control_b, sleep_control;
  uint8_t sleep_type_a = 0, sleep_type_b = 0;
  bool can_sleep = false;
  uint16_t command_port = 0;  // turns ACPI on by...
  uint8_t enable_command = 0;
};

// `root`: the address of the root pointer; 0: it is searched for where a PC's firmware puts it. Nothing on success, else what is wrong.
std::string_view read_acpi(const PhysicalMemory& memory, uint64_t root, AcpiInfo* info);

}  // namespace halcyon::hal
