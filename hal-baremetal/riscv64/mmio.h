// Device registers in the direct map. The fences keep accesses to different devices, and to memory, in program order.
#pragma once

#include "hal-baremetal/drivers/registers.h"

namespace halcyon::hal::riscv64 {

class MmioRegisters final : public Registers {
 public:
  explicit MmioRegisters(std::byte* base) : base_(base) {}
  uint8_t read8(size_t offset) override { return read<uint8_t>(offset); }
  uint16_t read16(size_t offset) override { return read<uint16_t>(offset); }
  uint32_t read32(size_t offset) override { return read<uint32_t>(offset); }
  void write8(size_t offset, uint8_t value) override { write(offset, value); }
  void write16(size_t offset, uint16_t value) override { write(offset, value); }
  void write32(size_t offset, uint32_t value) override { write(offset, value); }

 private:
  template <class T>
  T read(size_t offset) {
    T value = *reinterpret_cast<volatile T*>(base_ + offset);
    __asm__ volatile("fence i, iorw" : : : "memory");
    return value;
  }
  template <class T>
  void write(size_t offset, T value) {
    __asm__ volatile("fence iorw, o" : : : "memory");
    *reinterpret_cast<volatile T*>(base_ + offset) = value;
  }

  std::byte* base_;
};

}  // namespace halcyon::hal::riscv64
