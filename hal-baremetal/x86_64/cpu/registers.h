// Device registers: in the direct map, and in the space of ports.
#pragma once

#include <cstddef>

#include "hal-baremetal/drivers/registers.h"
#include "hal-baremetal/x86_64/cpu/instructions.h"

namespace halcyon::hal::x86_64 {

// Uncached memory: accesses keep their order among each other and with stores.
class MmioRegisters final : public Registers {
 public:
  explicit MmioRegisters(std::byte* base) : base_(base) {}
  uint8_t read8(size_t offset) override { return at<uint8_t>(offset); }
  uint16_t read16(size_t offset) override { return at<uint16_t>(offset); }
  uint32_t read32(size_t offset) override { return at<uint32_t>(offset); }
  void write8(size_t offset, uint8_t value) override { at<uint8_t>(offset) = value; }
  void write16(size_t offset, uint16_t value) override { at<uint16_t>(offset) = value; }
  void write32(size_t offset, uint32_t value) override { at<uint32_t>(offset) = value; }

 private:
  template <class T>
  volatile T& at(size_t offset) {
    __asm__ volatile("" : : : "memory");
    return *reinterpret_cast<volatile T*>(base_ + offset);
  }

  std::byte* base_;
};

class PortRegisters final : public Registers {
 public:
  explicit constexpr PortRegisters(uint16_t base) : base_(base) {}
  uint8_t read8(size_t offset) override { return in8(port(offset)); }
  uint16_t read16(size_t offset) override { return in16(port(offset)); }
  uint32_t read32(size_t offset) override { return in32(port(offset)); }
  void write8(size_t offset, uint8_t value) override { out8(port(offset), value); }
  void write16(size_t offset, uint16_t value) override { out16(port(offset), value); }
  void write32(size_t offset, uint32_t value) override { out32(port(offset), value); }

 private:
  uint16_t port(size_t offset) const { return static_cast<uint16_t>(base_ + offset); }

  uint16_t base_;
};

}  // namespace halcyon::hal::x86_64
