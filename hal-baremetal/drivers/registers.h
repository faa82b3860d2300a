// Registers: a device's registers as its driver sees them, by offset. Behind it are memory (MmioRegisters), x86 ports, or, in tests, a
// model of the device. One call is one access of just that width, in program order with the others.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halcyon::hal {

class Registers {
 public:
  virtual uint8_t read8(size_t offset) = 0;
  virtual uint16_t read16(size_t offset) = 0;
  virtual uint32_t read32(size_t offset) = 0;
  virtual void write8(size_t offset, uint8_t value) = 0;
  virtual void write16(size_t offset, uint16_t value) = 0;
  virtual void write32(size_t offset, uint32_t value) = 0;

 protected:
  ~Registers() = default;
};

}  // namespace halcyon::hal
