#include "hal-baremetal/firmware/acpi.h"

#include <algorithm>

namespace halcyon::hal {
namespace {

using Bytes = std::span<const std::byte>;

constexpr size_t header_size = 36;

uint8_t sum(Bytes bytes) {
  uint8_t total = 0;
  for (std::byte byte : bytes) total = static_cast<uint8_t>(total + static_cast<uint8_t>(byte));
  return total;
}

// A little-endian number within a table; 0 beyond its end: older tables are shorter.
template <class T>
T field(Bytes table, size_t offset) {
  T value = 0;
  if (offset <= table.size() && sizeof value <= table.size() - offset) std::memcpy(&value, table.data() + offset, sizeof value);
  return value;
}

bool begins_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

class Reader {
 public:
  Reader(const PhysicalMemory& memory, AcpiInfo* info) : memory_(memory), info_(*info) {}

  std::string_view read(uint64_t root);

 private:
  bool is_root(uint64_t address) const;
  uint64_t search(uint64_t start, uint64_t size) const;
  uint64_t find_root() const;
  // The whole of the table at an address; empty if it is cut short or damaged.
  Bytes table_at(uint64_t address) const;
  std::string_view read_list(uint64_t address, size_t entry_size);
  std::string_view read_controllers(Bytes table);
  void read_controller(Bytes entry);
  void add_cpu(uint32_t apic, uint32_t flags);
  void read_hardware(Bytes table);
  void read_pci(Bytes table);
  void read_sleep_types(Bytes code);

  const PhysicalMemory& memory_;
  AcpiInfo& info_;
};

bool Reader::is_root(uint64_t address) const {
  constexpr size_t first_part = 20;
  Bytes bytes = memory_.at(address, first_part);
  return begins_with(bytes, "RSD PTR ") && sum(bytes) == 0;
}

uint64_t Reader::search(uint64_t start, uint64_t size) const {
  for (uint64_t address = start; address < start + size; address += 16)
    if (is_root(address)) return address;
  return 0;
}

// 5.2.5.1: the first KiB of the extended BIOS data area, whose segment is at 0x40e, or the BIOS.
uint64_t Reader::find_root() const {
  uint16_t segment = 0;
  if (memory_.read(0x40e, &segment) && segment != 0)
    if (uint64_t found = search(uint64_t{segment} << 4, 1024)) return found;
  return search(0xe0000, 0x20000);
}

Bytes Reader::table_at(uint64_t address) const {
  Bytes header = memory_.at(address, header_size);
  auto length = field<uint32_t>(header, 4);
  if (header.size() < header_size || length < header_size) return {};
  Bytes table = memory_.at(address, length);
  return sum(table) == 0 ? table : Bytes();
}

std::string_view Reader::read(uint64_t root) {
  if (root == 0) root = find_root();
  if (root == 0) return "the firmware passes no ACPI tables";
  if (!is_root(root)) return "the firmware's ACPI root pointer is damaged";
  Bytes first = memory_.at(root, 20), whole = memory_.at(root, 36);
  bool is_new = field<uint8_t>(first, 15) >= 2 && field<uint64_t>(whole, 24) != 0;
  return is_new ? read_list(field<uint64_t>(whole, 24), sizeof(uint64_t)) : read_list(field<uint32_t>(first, 16), sizeof(uint32_t));
}

// RSDT or XSDT: addresses of the other tables.
std::string_view Reader::read_list(uint64_t address, size_t entry_size) {
  Bytes list = table_at(address);
  if (list.empty()) return "the firmware's list of ACPI tables is damaged";
  bool has_controllers = false;
  for (size_t at = header_size; at + entry_size <= list.size(); at += entry_size) {
    uint64_t where = entry_size == sizeof(uint64_t) ? field<uint64_t>(list, at) : field<uint32_t>(list, at);
    Bytes table = table_at(where);
    if (begins_with(table, "FACP")) read_hardware(table);
    if (begins_with(table, "MCFG")) read_pci(table);
    if (!begins_with(table, "APIC")) continue;
    if (auto complaint = read_controllers(table); !complaint.empty()) return complaint;
    has_controllers = true;
  }
  return has_controllers ? std::string_view() : "the firmware's ACPI tables name no interrupt controllers";
}

// 5.2.12: the Multiple APIC Description Table.
std::string_view Reader::read_controllers(Bytes table) {
  for (uint32_t number = 0; AcpiInfo::Input & input : info_.inputs) input = {.number = number++};
  constexpr size_t first_entry = 44;
  for (size_t at = first_entry; at + 2 <= table.size();) {
    size_t size = field<uint8_t>(table, at + 1);
    if (size < 2 || size > table.size() - at) return "the firmware's table of interrupt controllers is damaged";
    read_controller(table.subspan(at, size));
    at += size;
  }
  return info_.cpu_count > 0 ? std::string_view() : "the firmware's ACPI tables name no CPU";
}

void Reader::read_controller(Bytes entry) {
  enum : uint8_t { local_apic = 0, io_apic = 1, override = 2, local_x2apic = 9 };
  switch (field<uint8_t>(entry, 0)) {
    case local_apic: return add_cpu(field<uint8_t>(entry, 3), field<uint32_t>(entry, 4));
    case local_x2apic: return add_cpu(field<uint32_t>(entry, 4), field<uint32_t>(entry, 8));
    case io_apic:
      if (info_.controller_count < info_.controllers.size())
        info_.controllers[info_.controller_count++] = {field<uint32_t>(entry, 4), field<uint32_t>(entry, 8)};
      return;
    case override: {
      constexpr uint16_t polarity_mask = 3, low = 3, trigger_mask = 3 << 2, level = 3 << 2;
      auto source = field<uint8_t>(entry, 3);
      auto flags = field<uint16_t>(entry, 8);
      if (source < info_.inputs.size())
        info_.inputs[source] = {field<uint32_t>(entry, 4), (flags & trigger_mask) == level, (flags & polarity_mask) == low};
      return;
    }
    default: return;
  }
}

void Reader::add_cpu(uint32_t apic, uint32_t flags) {
  constexpr uint32_t is_enabled = 1;
  if ((flags & is_enabled) && info_.cpu_count < info_.cpus.size()) info_.cpus[info_.cpu_count++] = apic;
}

AcpiRegister register_at(Bytes table, size_t offset) {
  auto address = field<uint64_t>(table, offset + 4);
  auto space = field<uint8_t>(table, offset);
  if (address == 0 || space > 1) return {};
  return {static_cast<AcpiRegister::Space>(space), address};
}

// A port by its old field, unless there is a new one.
AcpiRegister port_at(Bytes table, size_t old_offset, size_t new_offset) {
  AcpiRegister found = register_at(table, new_offset);
  if (found.space != AcpiRegister::Space::none) return found;
  auto port = field<uint32_t>(table, old_offset);
  return port == 0 ? AcpiRegister() : AcpiRegister{AcpiRegister::Space::port, port};
}

// 5.2.9: the Fixed ACPI Description Table.
void Reader::read_hardware(Bytes table) {
  constexpr uint32_t has_reset = 1 << 10, is_reduced = 1 << 20;
  auto flags = field<uint32_t>(table, 112);
  info_.century_register = field<uint8_t>(table, 108);
  if (flags & has_reset) {
    info_.reset = register_at(table, 116);
    info_.reset_value = field<uint8_t>(table, 128);
  }
  if (flags & is_reduced) {
    info_.sleep_control = register_at(table, 244);
  } else {
    info_.control_a = port_at(table, 64, 172);
    info_.control_b = port_at(table, 68, 184);
    AcpiRegister timer = port_at(table, 76, 208);
    if (timer.space == AcpiRegister::Space::port) info_.power_timer = static_cast<uint16_t>(timer.address);
    info_.command_port = static_cast<uint16_t>(field<uint32_t>(table, 48));
    info_.enable_command = field<uint8_t>(table, 52);
  }
  auto address = field<uint64_t>(table, 140);
  read_sleep_types(table_at(address != 0 ? address : field<uint32_t>(table, 40)));
}

// PCI firmware specification 3.3, 4.1.2.
void Reader::read_pci(Bytes table) {
  constexpr size_t first_entry = 44, entry_size = 16;
  for (size_t at = first_entry; at + entry_size <= table.size(); at += entry_size) {
    AcpiInfo::Segment found{field<uint64_t>(table, at), field<uint8_t>(table, at + 10), field<uint8_t>(table, at + 11)};
    if (field<uint16_t>(table, at + 8) == 0 && found.first_bus <= found.last_bus) info_.pci = found;
  }
}

// The package \_S5 in the byte code: NameOp "_S5_" PackageOp length count, then the two numbers, each a constant or a byte behind its
// prefix.
void Reader::read_sleep_types(Bytes code) {
  constexpr std::string_view name = "_S5_";
  constexpr auto package = std::byte{0x12}, byte_prefix = std::byte{0x0a};
  auto* text = static_cast<const char*>(static_cast<const void*>(code.data()));
  size_t at = std::string_view(text, code.size()).find(name);
  if (at == std::string_view::npos) return;
  Bytes rest = code.subspan(at + name.size());
  if (rest.size() < 8 || rest[0] != package) return;
  size_t length_bytes = 1 + (static_cast<uint8_t>(rest[1]) >> 6);
  rest = rest.subspan(1 + length_bytes + 1);
  auto number = [&] {
    if (!rest.empty() && rest[0] == byte_prefix) rest = rest.subspan(1);
    if (rest.empty()) return uint8_t{0};
    auto value = static_cast<uint8_t>(rest[0]);
    rest = rest.subspan(1);
    return static_cast<uint8_t>(value & 7);
  };
  info_.sleep_type_a = number();
  info_.sleep_type_b = number();
  info_.can_sleep = true;
}

}  // namespace

std::string_view read_acpi(const PhysicalMemory& memory, uint64_t root, AcpiInfo* info) { return Reader(memory, info).read(root); }

}  // namespace halcyon::hal
