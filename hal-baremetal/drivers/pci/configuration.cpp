#include "hal-baremetal/drivers/pci/configuration.h"

namespace halcyon::hal {
namespace {

constexpr size_t command = 0x04, status = 0x06, capabilities = 0x34;
constexpr uint16_t memory_space = 2, bus_master = 4, no_pin = 1 << 10, has_capabilities = 1 << 4;
constexpr unsigned window_count = 6;
// Of a base address register.
constexpr uint32_t is_port = 1, width_mask = 6, is_wide = 4, flag_bits = 0xf;
// Of the MSI-X capability and of an entry of its table.
constexpr uint16_t messages_enabled = 1 << 15, all_masked = 1 << 14;
constexpr size_t entry_size = 16;

}  // namespace

uint8_t PciFunction::find_capability(uint8_t kind, uint8_t after) {
  if (!(read16(status) & has_capabilities)) return 0;
  constexpr unsigned most = (256 - 64) / 4;  // a list that goes round in circles has more
  uint8_t at = after != 0 ? read8(after + 1u) : read8(capabilities);
  for (unsigned count = 0; count < most; ++count) {
    at &= 0xfc;
    if (at < 0x40) return 0;
    if (read8(at) == kind) return at;
    at = read8(at + 1u);
  }
  return 0;
}

std::optional<PciFunction::Window> PciFunction::window(unsigned index) {
  if (index >= window_count || header_kind() != 0) return {};
  size_t at = window_offset(index);
  uint32_t low = read32(at), high = 0;
  if (low & is_port) return {};
  bool has_high = (low & width_mask) == is_wide;
  if (has_high && index + 1 == window_count) return {};
  // The bits of the size are those that cannot be set. Meanwhile it must not answer.
  uint16_t old = read16(command);
  write16(command, static_cast<uint16_t>(old & ~memory_space));
  write32(at, ~0u);
  uint64_t fixed = read32(at) & ~flag_bits;
  write32(at, low);
  if (has_high) {
    high = read32(at + 4);
    write32(at + 4, ~0u);
    fixed |= uint64_t{read32(at + 4)} << 32;
    write32(at + 4, high);
  } else if (fixed != 0) {
    fixed |= ~uint64_t{0} << 32;
  }
  write16(command, old);
  uint64_t size = ~fixed + 1;
  if (fixed == 0 || (size & (size - 1)) != 0) return {};
  return Window{uint64_t{high} << 32 | (low & ~flag_bits), size};
}

bool PciFunction::place_windows(PciPlatform& platform) {
  for (unsigned index = 0; index < window_count; ++index) {
    auto found = window(index);
    if (!found) continue;
    bool is_pair = (read32(window_offset(index)) & width_mask) == is_wide;
    if (found->address == 0) {
      uint64_t place = platform.allocate(found->size);
      if (place == 0 || (!is_pair && place + found->size - 1 > UINT32_MAX)) return false;
      write32(window_offset(index), static_cast<uint32_t>(place));
      if (is_pair) write32(window_offset(index + 1), static_cast<uint32_t>(place >> 32));
    }
    if (is_pair) ++index;
  }
  return true;
}

void PciFunction::enable(bool by_messages) {
  auto bits = static_cast<uint16_t>((read16(command) & ~no_pin) | memory_space | bus_master | (by_messages ? no_pin : 0));
  write16(command, bits);
}

bool PciFunction::set_message(PciPlatform& platform, uint64_t address, uint32_t data) {
  uint8_t at = find_capability(message_capability);
  if (at == 0) return false;
  uint32_t place = read32(at + 4u);
  auto table_window = window(place & 7);
  uint32_t offset = place & ~7u;
  if (!table_window || table_window->address == 0 || offset > table_window->size || table_window->size - offset < entry_size) return false;
  Registers* table = platform.map(platform.from_bus(table_window->address) + offset, entry_size);
  if (!table) return false;
  // Entries have to be written with messages enabled on some devices, and are not looked at while all are masked.
  auto control = static_cast<uint16_t>(read16(at + 2u) | messages_enabled);
  write16(at + 2u, control | all_masked);
  table->write32(0, static_cast<uint32_t>(address));
  table->write32(4, static_cast<uint32_t>(address >> 32));
  table->write32(8, data);
  table->write32(12, 0);
  write16(at + 2u, static_cast<uint16_t>(control & ~all_masked));
  return true;
}

}  // namespace halcyon::hal
