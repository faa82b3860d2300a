// What a boot loader of a PC passes, by either of two protocols: PVH (Xen, docs/misc/pvh.pandoc; QEMU's -kernel) and Multiboot2 (the
// Multiboot2 specification, version 2.0; GRUB).
#pragma once

#include <cstdint>
#include <string_view>

#include "hal-baremetal/firmware/memory_map.h"
#include "hal-baremetal/firmware/physical_memory.h"

namespace halcyon::hal {

// A screen that the loader has set up.
struct LoaderScreen {
  enum class Kind : uint8_t { none, pixels, text };
  Kind kind = Kind::none;
  uint64_t address = 0;
  uint32_t pitch = 0;              // bytes from line to line
  uint32_t width = 0, height = 0;  // in pixels or letters
  uint8_t bits = 0;                // of a pixel
  uint8_t red_shift = 0, red_bits = 0, green_shift = 0, green_bits = 0, blue_shift = 0, blue_bits = 0;
};

struct LoaderInfo {
  std::string_view command_line;
  MemoryMap::Range initramfs{};  // the first module; size 0: none
  uint64_t acpi_root = 0;        // address of the ACPI root pointer; 0: not said
  LoaderScreen screen;
};

// What multiboot2 loaders leave in eax; others are PVH's, who leave nothing.
inline constexpr uint32_t multiboot_magic = 0x36d7'6289;

// Of the structure at `address`: adds RAM to `map`, and reserves what the loader's data take; what `info` refers to stays where it is.
// Nothing on success, else what is wrong with it.
std::string_view read_pvh(const PhysicalMemory& memory, uint64_t address, LoaderInfo* info, MemoryMap* map);
std::string_view read_multiboot(const PhysicalMemory& memory, uint64_t address, LoaderInfo* info, MemoryMap* map);

}  // namespace halcyon::hal
