#include "hal-baremetal/x86_64/pci.h"

#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/x86_64/cpu/registers.h"

namespace halcyon::hal::x86_64 {

std::optional<unsigned> MessageVectors::allocate() {
  if (used_ == message_vector_count) return {};
  return used_++;
}

Registers* X86Pci::map(uint64_t address, uint64_t size) {
  if (!tables_.map_device(address, size)) return nullptr;
  return &make_for_boot<MmioRegisters>(reinterpret_cast<std::byte*>(direct_map_start + address));
}

// Intel's Software Developer's Manual, volume 3, 11.11: to one CPU, as an edge, by its vector.
std::optional<PciInterrupt> X86Pci::find_interrupt(PciFunction& function) {
  constexpr uint64_t local_apics = 0xfee0'0000;
  constexpr uint32_t highest_target = 0xff;
  if (!function.has_messages() || target_ > highest_target) return {};
  auto number = vectors_.allocate();
  if (!number) return {};
  return PciInterrupt{*number, true, local_apics | uint64_t{target_} << 12, message_vectors + *number};
}

}  // namespace halcyon::hal::x86_64
