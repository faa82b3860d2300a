#include "hal-baremetal/drivers/virtio/device.h"

#include <algorithm>
#include <bit>

#include "core/base/print.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

constexpr uint64_t version_1 = uint64_t{1} << 32;
// A register access takes at least some 10 ns.
constexpr unsigned reset_patience = 1'000'000, config_patience = 1000;

}  // namespace

bool VirtioDevice::reset() {
  transport_.set_status(0);
  for (unsigned tries = 0; tries < reset_patience; ++tries)
    if (transport_.status() == 0) return true;
  return false;
}

std::string_view VirtioDevice::refuse(std::string_view why) {
  add_status(virtio_status::failed);
  is_given_up_.store(true, std::memory_order_relaxed);
  return why;
}

std::string_view VirtioDevice::begin(uint64_t wanted) {
  if (!reset()) return refuse("cannot be reset");
  add_status(virtio_status::acknowledged);
  add_status(virtio_status::has_driver);
  uint64_t offered = transport_.features(0) | uint64_t{transport_.features(1)} << 32;
  if (!(offered & version_1)) return refuse("does not offer virtio 1.0");
  features_ = offered & (wanted | version_1);
  transport_.accept_features(0, static_cast<uint32_t>(features_));
  transport_.accept_features(1, static_cast<uint32_t>(features_ >> 32));
  add_status(virtio_status::features_ok);
  if (!(transport_.status() & virtio_status::features_ok)) return refuse("does not accept the features that it offered");
  return {};
}

std::string_view VirtioDevice::add_queue(unsigned index, uint16_t size, uint16_t least, Virtqueue& queue) {
  uint32_t limit = transport_.queue_limit(index);
  if (limit == 0) return refuse("lacks a queue");
  auto entries = static_cast<uint16_t>(std::min<uint32_t>(size, std::bit_floor(limit)));
  if (entries < least) return refuse("has too short a queue");
  if (!queue.initialize(memory_, entries)) return refuse("gets no memory for its queues");
  if (!transport_.enable_queue(index, entries, queue.place())) return refuse("does not take a queue");
  return {};
}

void VirtioDevice::start() { add_status(virtio_status::is_running); }

uint64_t VirtioDevice::config64(size_t offset) {
  uint64_t value = 0;
  for (unsigned tries = 0; tries < config_patience; ++tries) {
    uint32_t before = transport_.config_generation();
    value = transport_.config32(offset) | uint64_t{transport_.config32(offset + 4)} << 32;
    if (transport_.config_generation() == before) break;
  }
  return value;
}

void VirtioDevice::give_up(std::string_view why) {
  if (is_given_up_.exchange(true, std::memory_order_relaxed)) return;
  print(early_console(), "halcyon: {} {}; it is not used any more\n", name_, why);
  if (!reset()) print(early_console(), "halcyon: {} cannot be reset\n", name_);
}

}  // namespace halcyon::hal
