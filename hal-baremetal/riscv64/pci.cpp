#include "hal-baremetal/riscv64/pci.h"

#include <algorithm>

#include "core/base/types.h"
#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/riscv64/layout.h"
#include "hal-baremetal/riscv64/mmio.h"

namespace halcyon::hal::riscv64 {
namespace {

// PCI Bus Binding to IEEE 1275, 2.2.1.1: the first cell of an address says in what space it is.
constexpr uint32_t space_mask = 3u << 24, memory_space = 2u << 24;
constexpr unsigned device_shift = 11, function_shift = 8, bus_shift = 16;
// "ranges": an address of three cells, the machine's of two, a size of two. "interrupt-map": an address of three cells, the pin, the
// controller, its input.
constexpr unsigned range_cells = 7, route_cells = 6;

}  // namespace

RiscvPci::RiscvPci(KernelTables& tables, const DeviceTree::Node& node, Plic& plic, uint32_t plic_handle)
    : tables_(tables), node_(node), plic_(plic), plic_handle_(plic_handle) {
  for (unsigned at = 0; auto space = node_.cell("ranges", at); at += range_cells) {
    if ((*space & space_mask) != memory_space) continue;
    uint64_t start = long_cell("ranges", at + 1), size = long_cell("ranges", at + 5);
    if (size == 0 || start + size < start) continue;
    window_start_ = next_ = start;
    window_end_ = start + size;
    window_address_ = long_cell("ranges", at + 3);
    return;
  }
}

uint64_t RiscvPci::long_cell(std::string_view property, unsigned index) const {
  return uint64_t{node_.cell(property, index).value_or(0)} << 32 | node_.cell(property, index + 1).value_or(0);
}

std::optional<PciPlace> RiscvPci::place() const {
  constexpr uint64_t bus_size = 1 << 20;
  constexpr unsigned highest_bus = 255;
  auto region = node_.region();
  if (!region || region->size < bus_size) return {};
  unsigned first = node_.cell("bus-range", 0).value_or(0);
  auto last = static_cast<unsigned>(std::min<uint64_t>(region->size / bus_size - 1 + first, highest_bus));
  if (first > last) return {};
  return PciPlace{region->start - first * bus_size, first, last};
}

Registers* RiscvPci::map(uint64_t address, uint64_t size) {
  if (!tables_.map_direct(address, size)) return nullptr;
  return &make_for_boot<MmioRegisters>(reinterpret_cast<std::byte*>(direct_map_start + address));
}

uint64_t RiscvPci::from_bus(uint64_t address) {
  bool is_ours = address >= window_start_ && address < window_end_;
  return is_ours ? address - window_start_ + window_address_ : address;
}

uint64_t RiscvPci::allocate(uint64_t size) {
  uint64_t place = align_up(std::max(next_, size), size);
  if (place < next_ || place >= window_end_ || size > window_end_ - place) return 0;
  next_ = place + size;
  return place;
}

std::optional<PciInterrupt> RiscvPci::find_interrupt(PciFunction& function) {
  uint32_t pin = function.interrupt_pin();
  uint32_t address = function.bus() << bus_shift | function.device() << device_shift | function.function() << function_shift;
  uint32_t address_mask = node_.cell("interrupt-map-mask", 0).value_or(0), pin_mask = node_.cell("interrupt-map-mask", 3).value_or(0);
  if (pin == 0) return {};
  for (unsigned at = 0; auto input = node_.cell("interrupt-map", at + route_cells - 1); at += route_cells) {
    auto cell = [&](unsigned index) { return node_.cell("interrupt-map", at + index).value_or(0); };
    bool is_it = cell(0) == (address & address_mask) && cell(3) == (pin & pin_mask) && cell(4) == plic_handle_;
    if (is_it && plic_.has(*input)) return PciInterrupt{.number = *input};
  }
  return {};
}

}  // namespace halcyon::hal::riscv64
