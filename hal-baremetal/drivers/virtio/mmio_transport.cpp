#include "hal-baremetal/drivers/virtio/mmio_transport.h"

namespace halcyon::hal {
namespace {

// Table 4.1.
enum Register : size_t {
  magic_value = 0x000,
  version = 0x004,
  device_id = 0x008,
  device_features = 0x010,
  device_features_select = 0x014,
  driver_features = 0x020,
  driver_features_select = 0x024,
  queue_select = 0x030,
  queue_size_limit = 0x034,
  queue_size = 0x038,
  queue_ready = 0x044,
  queue_notify = 0x050,
  interrupt_status = 0x060,
  interrupt_acknowledge = 0x064,
  device_status = 0x070,
  queue_descriptors = 0x080,
  queue_available = 0x090,
  queue_used = 0x0a0,
  generation = 0x0fc,
  config = 0x100
};

constexpr uint32_t magic = 0x74726976;  // "virt"
constexpr uint32_t legacy_version = 1, our_version = 2;

}  // namespace

std::string_view MmioTransport::identify(VirtioType* type) {
  *type = VirtioType::none;
  if (registers_.read32(magic_value) != magic) return "is no virtio device";
  uint32_t found = registers_.read32(device_id), speaks = registers_.read32(version);
  if (found == 0) return {};
  if (speaks == legacy_version) return "speaks only the language of before virtio 1.0";
  if (speaks != our_version) return "speaks a version of virtio that nobody knows";
  *type = static_cast<VirtioType>(found);
  return {};
}

uint8_t MmioTransport::status() { return static_cast<uint8_t>(registers_.read32(device_status)); }

void MmioTransport::set_status(uint8_t status) { registers_.write32(device_status, status); }

uint32_t MmioTransport::features(unsigned word) {
  registers_.write32(device_features_select, word);
  return registers_.read32(device_features);
}

void MmioTransport::accept_features(unsigned word, uint32_t features) {
  registers_.write32(driver_features_select, word);
  registers_.write32(driver_features, features);
}

uint32_t MmioTransport::queue_limit(unsigned queue) {
  registers_.write32(queue_select, queue);
  return registers_.read32(queue_ready) != 0 ? 0 : registers_.read32(queue_size_limit);
}

void MmioTransport::write_address(size_t low_half, uint64_t address) {
  registers_.write32(low_half, static_cast<uint32_t>(address));
  registers_.write32(low_half + 4, static_cast<uint32_t>(address >> 32));
}

bool MmioTransport::enable_queue(unsigned queue, uint16_t size, const QueuePlace& place) {
  registers_.write32(queue_select, queue);
  registers_.write32(queue_size, size);
  write_address(queue_descriptors, place.descriptors);
  write_address(queue_available, place.available);
  write_address(queue_used, place.used);
  registers_.write32(queue_ready, 1);
  return registers_.read32(queue_ready) == 1;
}

void MmioTransport::notify(unsigned queue) { registers_.write32(queue_notify, queue); }

bool MmioTransport::take_interrupt() {
  uint32_t reasons = registers_.read32(interrupt_status);
  if (reasons != 0) registers_.write32(interrupt_acknowledge, reasons);
  return reasons != 0;
}

uint32_t MmioTransport::config_generation() { return registers_.read32(generation); }
uint8_t MmioTransport::config8(size_t offset) { return registers_.read8(config + offset); }
uint16_t MmioTransport::config16(size_t offset) { return registers_.read16(config + offset); }
uint32_t MmioTransport::config32(size_t offset) { return registers_.read32(config + offset); }

}  // namespace halcyon::hal
