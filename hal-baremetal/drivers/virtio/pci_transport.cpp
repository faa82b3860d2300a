#include "hal-baremetal/drivers/virtio/pci_transport.h"

namespace halcyon::hal {
namespace {

constexpr uint16_t vendor = 0x1af4;
// Devices that also speak the language of before 1.0 have numbers of their own, and their type is the subsystem's number.
constexpr uint16_t first_transitional = 0x1000, first_modern = 0x1040, last_modern = 0x107f;

// The capability (4.1.4).
constexpr uint8_t vendor_capability = 9;
enum : size_t { capability_size = 2, area_kind = 3, area_window = 4, area_offset = 8, area_size = 12, notify_step = 16 };
enum : uint8_t { common_area = 1, notify_area = 2, interrupt_area = 3, config_area = 4 };

// The common configuration (4.1.4.3).
enum Common : size_t {
  device_features_select = 0,
  device_features = 4,
  driver_features_select = 8,
  driver_features = 12,
  config_message = 16,
  device_status = 20,
  generation = 21,
  queue_select = 22,
  queue_size = 24,
  queue_message = 26,
  queue_enable = 28,
  queue_notify = 30,
  queue_descriptors = 32,
  queue_available = 40,
  queue_used = 48,
  common_size = 56
};
constexpr uint16_t first_message = 0;

}  // namespace

VirtioType identify_virtio(PciFunction& function) {
  if (function.vendor_id() != vendor) return VirtioType::none;
  uint16_t id = function.device_id();
  if (id < first_transitional || id > last_modern) return VirtioType::none;
  return static_cast<VirtioType>(id >= first_modern ? id - first_modern : function.subsystem_id());
}

// The first of that kind that can be, as the specification says.
PciTransport::Area PciTransport::find_area(PciPlatform& platform, PciFunction& function, uint8_t kind, uint32_t least) {
  for (uint8_t at = 0; (at = function.find_capability(vendor_capability, at)) != 0;) {
    size_t needed = kind == notify_area ? notify_step + 4 : notify_step;
    if (function.read8(at + area_kind) != kind || function.read8(at + capability_size) < needed || at + needed > 256) continue;
    auto window = function.window(function.read8(at + area_window));
    uint32_t offset = function.read32(at + area_offset), size = function.read32(at + area_size);
    if (!window || window->address == 0 || size < least || offset > window->size || size > window->size - offset) continue;
    if (kind == notify_area) notify_step_ = function.read32(at + notify_step);
    Registers* registers = platform.map(platform.from_bus(window->address) + offset, size);
    if (registers) return {registers, size};
  }
  return {};
}

std::string_view PciTransport::initialize(PciPlatform& platform, PciFunction& function, bool by_messages) {
  by_messages_ = by_messages;
  common_ = find_area(platform, function, common_area, common_size);
  notifications_ = find_area(platform, function, notify_area, sizeof(uint16_t));
  interrupts_ = find_area(platform, function, interrupt_area, sizeof(uint8_t));
  config_ = find_area(platform, function, config_area, sizeof(uint32_t));
  if (!common_.registers || !notifications_.registers || !interrupts_.registers) return "speaks only the language of before virtio 1.0";
  return {};
}

uint8_t PciTransport::status() { return common_.registers->read8(device_status); }

void PciTransport::set_status(uint8_t status) { common_.registers->write8(device_status, status); }

uint32_t PciTransport::features(unsigned word) {
  common_.registers->write32(device_features_select, word);
  return common_.registers->read32(device_features);
}

void PciTransport::accept_features(unsigned word, uint32_t features) {
  common_.registers->write32(driver_features_select, word);
  common_.registers->write32(driver_features, features);
}

uint32_t PciTransport::queue_limit(unsigned queue) {
  common_.registers->write16(queue_select, static_cast<uint16_t>(queue));
  return common_.registers->read16(queue_enable) != 0 ? 0u : common_.registers->read16(queue_size);
}

void PciTransport::write_address(size_t low_half, uint64_t address) {
  common_.registers->write32(low_half, static_cast<uint32_t>(address));
  common_.registers->write32(low_half + 4, static_cast<uint32_t>(address >> 32));
}

bool PciTransport::enable_queue(unsigned queue, uint16_t size, const QueuePlace& place) {
  Registers& common = *common_.registers;
  common.write16(queue_select, static_cast<uint16_t>(queue));
  uint64_t at = uint64_t{common.read16(queue_notify)} * notify_step_;
  if (queue >= most_queues || at + sizeof(uint16_t) > notifications_.size) return false;
  notify_at_[queue] = at;
  common.write16(queue_size, size);
  if (by_messages_) {
    common.write16(config_message, first_message);
    common.write16(queue_message, first_message);
    if (common.read16(queue_message) != first_message) return false;
  }
  write_address(queue_descriptors, place.descriptors);
  write_address(queue_available, place.available);
  write_address(queue_used, place.used);
  common.write16(queue_enable, 1);
  return common.read16(queue_enable) == 1;
}

void PciTransport::notify(unsigned queue) { notifications_.registers->write16(notify_at_[queue], static_cast<uint16_t>(queue)); }

// To read the register is to acknowledge.
bool PciTransport::take_interrupt() { return by_messages_ || interrupts_.registers->read8(0) != 0; }

uint32_t PciTransport::config_generation() { return common_.registers->read8(generation); }
uint8_t PciTransport::config8(size_t offset) { return has_config(offset, 1) ? config_.registers->read8(offset) : uint8_t{0}; }
uint16_t PciTransport::config16(size_t offset) { return has_config(offset, 2) ? config_.registers->read16(offset) : uint16_t{0}; }
uint32_t PciTransport::config32(size_t offset) { return has_config(offset, 4) ? config_.registers->read32(offset) : 0u; }

}  // namespace halcyon::hal
