// Calls to the firmware (RISC-V Supervisor Binary Interface specification, version 1.0; OpenSBI implements it).
#pragma once

#include <cstdint>

#include "core/base/print.h"

namespace halcyon::hal::sbi {

struct Outcome {
  int64_t error;  // 0: success
  uint64_t value;
};

void set_timer(uint64_t time);
Outcome send_interrupt(uint64_t hart);
// The hart begins at a physical address with translation off, its number in a0 and `argument` in a1.
Outcome start_hart(uint64_t hart, uint64_t address, uint64_t argument);
// mvendorid, marchid, mimpid.
struct CpuIds {
  uint64_t vendor, architecture, implementation;
};
CpuIds cpu_ids();
enum class Reset : uint32_t { shut_down = 0, cold_reboot = 1 };
void reset(Reset kind, bool is_failure);

// Text by the firmware's own console: for the time before there is a driver.
class ConsoleWriter final : public Writer {
 public:
  void write(std::string_view text) override;
};

}  // namespace halcyon::hal::sbi
