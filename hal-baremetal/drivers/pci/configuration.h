// PCI's configuration space by ECAM (PCI Express base specification 5.0, 7.2.2): 4 KiB for each function of each device of each bus, in
// memory; what is behind it, and how a function is made to answer.
#pragma once

#include <cstdint>
#include <optional>

#include "hal-baremetal/drivers/registers.h"

namespace halcyon::hal {

// What a PCI bus is attached to.
class PciPlatform {
 public:
  // The registers at an address of the machine; null: they cannot be reached.
  virtual Registers* map(uint64_t address, uint64_t size) = 0;
  // Where the machine sees what has this address on the bus.
  virtual uint64_t from_bus(uint64_t address) = 0;
  // A place on the bus, aligned to its size, for registers that firmware has not given one. 0: none.
  virtual uint64_t allocate(uint64_t size) = 0;

 protected:
  ~PciPlatform() = default;
};

// One function. What it says about itself is held against what can be.
class PciFunction {
 public:
  // `space`: the configuration space of its bus.
  PciFunction(Registers& space, unsigned bus, unsigned device, unsigned function)
      : space_(space), base_(device << 15 | function << 12), bus_(bus), device_(device), function_(function) {}

  unsigned bus() const { return bus_; }
  unsigned device() const { return device_; }
  unsigned function() const { return function_; }

  bool is_there() { return vendor_id() != 0xffff; }
  uint16_t vendor_id() { return read16(0x00); }
  uint16_t device_id() { return read16(0x02); }
  uint16_t subsystem_id() { return read16(0x2e); }
  bool has_more_functions() { return (read8(0x0e) & 0x80) != 0; }
  // The bus behind a bridge; 0: it is no bridge, or firmware has not set it up.
  uint8_t secondary_bus() { return header_kind() == 1 ? read8(0x19) : uint8_t{0}; }
  // 1 to 4 for the pins A to D; 0: it has none.
  uint8_t interrupt_pin() { return read8(0x3d); }

  // The first capability of that kind behind `after`, from 0; 0: there is none.
  uint8_t find_capability(uint8_t kind, uint8_t after = 0);
  uint8_t read8(size_t offset) { return space_.read8(base_ + offset); }
  uint16_t read16(size_t offset) { return space_.read16(base_ + offset); }
  uint32_t read32(size_t offset) { return space_.read32(base_ + offset); }
  void write16(size_t offset, uint16_t value) { space_.write16(base_ + offset, value); }
  void write32(size_t offset, uint32_t value) { space_.write32(base_ + offset, value); }

  // A base address register that means memory, on the bus. address 0: firmware has given it no place.
  struct Window {
    uint64_t address, size;
  };
  std::optional<Window> window(unsigned index);
  // Gives every window without a place one. False: there is no room.
  bool place_windows(PciPlatform& platform);
  // Registers and memory accesses of its own; its interrupts by messages or by its pin.
  void enable(bool by_messages);

  // MSI-X (7.7.2): its only message in use is the first. False: it cannot.
  bool has_messages() { return find_capability(message_capability) != 0; }
  bool set_message(PciPlatform& platform, uint64_t address, uint32_t data);

 private:
  static constexpr uint8_t message_capability = 0x11;

  uint8_t header_kind() { return read8(0x0e) & 0x7f; }
  static constexpr size_t window_offset(unsigned index) { return 0x10 + 4 * index; }

  Registers& space_;
  size_t base_;
  unsigned bus_, device_, function_;
};

// One segment of buses.
class PciSegment {
 public:
  // `address`: of the configuration space that bus 0 has, or would have.
  PciSegment(PciPlatform& platform, uint64_t address, unsigned first_bus, unsigned last_bus)
      : platform_(platform), address_(address), first_bus_(first_bus), last_bus_(last_bus) {}

  // Calls visit(function) for all functions that are there, bridges included.
  template <class Visit>
  void for_each(Visit&& visit) {
    // Firmware numbers buses upwards from the root, so that what is behind a bridge comes later.
    uint64_t found[4] = {};
    auto mark = [&](unsigned bus) { found[bus / 64] |= uint64_t{1} << bus % 64; };
    mark(first_bus_);
    for (unsigned bus = first_bus_; bus <= last_bus_; ++bus) {
      if (!(found[bus / 64] >> bus % 64 & 1)) continue;
      for_each_on(bus, [&](PciFunction& function) {
        unsigned behind = function.secondary_bus();
        if (behind > bus && behind <= last_bus_) mark(behind);
        visit(function);
      });
    }
  }

 private:
  static constexpr unsigned devices = 32, functions = 8;

  template <class Visit>
  void for_each_on(unsigned bus, Visit&& visit) {
    constexpr uint64_t bus_size = 1 << 20;
    Registers* space = platform_.map(address_ + bus * bus_size, bus_size);
    if (!space) return;
    for (unsigned device = 0; device < devices; ++device) {
      for (unsigned index = 0; index < functions; ++index) {
        PciFunction function(*space, bus, device, index);
        if (function.is_there()) visit(function);
        else if (index == 0) break;
        if (index == 0 && !function.has_more_functions()) break;
      }
    }
  }

  PciPlatform& platform_;
  uint64_t address_;
  unsigned first_bus_, last_bus_;
};

}  // namespace halcyon::hal
