#include "hal-baremetal/firmware/loader_info.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace halcyon::hal {

std::string_view PhysicalMemory::text(uint64_t address, size_t limit) const {
  // Byte by byte, because what lies behind the text may not be there.
  for (size_t length = 0; length < limit; ++length) {
    auto bytes = at(address, length + 1);
    if (bytes.size() <= length) return {};
    if (bytes[length] == std::byte{0}) return {static_cast<const char*>(static_cast<const void*>(bytes.data())), length};
  }
  return {};
}

namespace {

constexpr size_t longest_command_line = 4096, most_ranges = 256;
constexpr uint32_t usable_ram = 1;

constexpr uint32_t pvh_magic = 0x336e'c578;

// struct hvm_start_info, version 1.
struct PvhStart {
  uint32_t magic, version, flags, module_count;
  uint64_t modules, command_line, acpi_root, ranges;
  uint32_t range_count, reserved;
};
static_assert(sizeof(PvhStart) == 56);

struct PvhModule {
  uint64_t address, size, command_line, reserved;
};

struct PvhRange {
  uint64_t address, size;
  uint32_t kind, reserved;
};

bool add_pvh_ranges(const PhysicalMemory& memory, const PvhStart& start, MemoryMap* map) {
  for (uint64_t index = 0; index < std::min<uint64_t>(start.range_count, most_ranges); ++index) {
    PvhRange range;
    if (!memory.read(start.ranges + index * sizeof range, &range)) return false;
    if (range.kind == usable_ram) map->add_ram(range.address, range.size);
  }
  return true;
}

// Tags of the Multiboot2 information, each 8-byte aligned.
struct Tag {
  uint32_t kind, size;
};
enum : uint32_t {
  tag_end = 0,
  tag_command_line = 1,
  tag_module = 3,
  tag_memory_map = 6,
  tag_screen = 8,
  tag_old_acpi = 14,
  tag_new_acpi = 15
};

struct ModuleTag {
  Tag tag;
  uint32_t start, end;
};

struct MemoryMapTag {
  Tag tag;
  uint32_t entry_size, entry_version;
};

struct ScreenTag {
  Tag tag;
  uint64_t address;
  uint32_t pitch, width, height;
  uint8_t bits, kind;
  uint16_t reserved;
  // Of kind_pixels only.
  uint8_t red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits;
  uint16_t padding;
};
static_assert(sizeof(ScreenTag) == 40);

struct MultibootRange {
  uint64_t address, size;
  uint32_t kind, reserved;
};

bool add_multiboot_ranges(const PhysicalMemory& memory, uint64_t address, const Tag& tag, MemoryMap* map) {
  MemoryMapTag header;
  if (!memory.read(address, &header) || header.entry_size < sizeof(MultibootRange)) return false;
  for (uint64_t at = sizeof header; at + header.entry_size <= tag.size; at += header.entry_size) {
    MultibootRange range;
    if (!memory.read(address + at, &range)) return false;
    if (range.kind == usable_ram) map->add_ram(range.address, range.size);
  }
  return true;
}

// A screen that makes no sense is none: there is the serial line.
LoaderScreen read_screen(const PhysicalMemory& memory, uint64_t address, const Tag& tag) {
  constexpr uint8_t kind_pixels = 1, kind_text = 2;
  constexpr uint32_t common_size = offsetof(ScreenTag, red_shift), pixels_size = common_size + 6, most = 1 << 14;
  ScreenTag info{};
  auto bytes = memory.at(address, std::min<size_t>(tag.size, sizeof info));
  if (tag.size < common_size || bytes.size() < common_size) return {};
  std::memcpy(&info, bytes.data(), bytes.size());
  bool is_text = info.kind == kind_text;
  if (!is_text && (info.kind != kind_pixels || tag.size < pixels_size)) return {};
  LoaderScreen screen{is_text ? LoaderScreen::Kind::text : LoaderScreen::Kind::pixels,
                      info.address,
                      info.pitch,
                      info.width,
                      info.height,
                      info.bits,
                      info.red_shift,
                      info.red_bits,
                      info.green_shift,
                      info.green_bits,
                      info.blue_shift,
                      info.blue_bits};
  uint32_t cell_bits = is_text ? 16 : info.bits;
  if (info.width == 0 || info.height == 0 || info.width > most || info.height > most || info.pitch > most * 4) return {};
  if ((!is_text && (info.bits < 15 || info.bits > 32)) || info.pitch < info.width * ((cell_bits + 7) / 8)) return {};
  auto fits = [&](uint8_t shift, uint8_t bits) { return bits <= 8 && shift + bits <= info.bits; };
  if (!is_text &&
      !(fits(info.red_shift, info.red_bits) && fits(info.green_shift, info.green_bits) && fits(info.blue_shift, info.blue_bits)))
    return {};
  return screen;
}

// Nothing, or what is wrong.
std::string_view read_tag(const PhysicalMemory& memory, uint64_t address, const Tag& tag, LoaderInfo* info, MemoryMap* map) {
  switch (tag.kind) {
    case tag_command_line: info->command_line = memory.text(address + sizeof tag, tag.size - sizeof tag); break;
    case tag_memory_map:
      if (!add_multiboot_ranges(memory, address, tag, map)) return "the boot loader's memory map cannot be read";
      break;
    case tag_module: {
      ModuleTag module;
      if (!memory.read(address, &module) || module.end < module.start) return "the boot loader's module list cannot be read";
      if (info->initramfs.size == 0) info->initramfs = {module.start, module.end - module.start};
      break;
    }
    case tag_screen: info->screen = read_screen(memory, address, tag); break;
    // A copy of the pointer is in the tag.
    case tag_old_acpi:
      if (info->acpi_root == 0) info->acpi_root = address + sizeof tag;
      break;
    case tag_new_acpi: info->acpi_root = address + sizeof tag; break;
    default: break;
  }
  return {};
}

}  // namespace

std::string_view read_pvh(const PhysicalMemory& memory, uint64_t address, LoaderInfo* info, MemoryMap* map) {
  PvhStart start;
  if (!memory.read(address, &start) || start.magic != pvh_magic) return "the boot loader passes no start information";
  if (start.version < 1) return "the boot loader passes no memory map";
  if (!add_pvh_ranges(memory, start, map)) return "the boot loader's memory map cannot be read";
  map->reserve(address, sizeof start);
  map->reserve(start.ranges, uint64_t{start.range_count} * sizeof(PvhRange));
  if (start.command_line != 0) {
    info->command_line = memory.text(start.command_line, longest_command_line);
    map->reserve(start.command_line, info->command_line.size() + 1);
  }
  if (start.module_count > 0) {
    PvhModule module;
    if (!memory.read(start.modules, &module)) return "the boot loader's module list cannot be read";
    info->initramfs = {module.address, module.size};
    map->reserve(start.modules, start.module_count * sizeof module);
    map->reserve(module.address, module.size);
  }
  info->acpi_root = start.acpi_root;
  return {};
}

std::string_view read_multiboot(const PhysicalMemory& memory, uint64_t address, LoaderInfo* info, MemoryMap* map) {
  struct {
    uint32_t size, reserved;
  } header;
  if (!memory.read(address, &header)) return "the boot loader passes no start information";
  uint64_t at = address + sizeof header, end = address + header.size;
  for (;;) {
    Tag tag;
    if (at + sizeof tag > end || !memory.read(at, &tag) || tag.size < sizeof tag || tag.size > end - at)
      return "the boot loader's start information is cut short";
    if (tag.kind == tag_end) break;
    if (auto complaint = read_tag(memory, at, tag, info, map); !complaint.empty()) return complaint;
    at += (uint64_t{tag.size} + 7) & ~uint64_t{7};
  }
  map->reserve(address, header.size);
  map->reserve(info->initramfs.start, info->initramfs.size);
  return {};
}

}  // namespace halcyon::hal
