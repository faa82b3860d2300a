// A virtio device in the host's memory: the device's side of the handshake and of the queues, reached through the registers of virtio-mmio.
// What the device does with buffers is the test's; so is what it does wrong. Addresses are the host's own, so that AddressSanitizer sees
// whatever leaves its buffer, on either side.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "hal-baremetal/drivers/dma_memory.h"
#include "hal-baremetal/drivers/registers.h"

namespace halcyon::hal {

class HostDmaMemory final : public DmaMemory {
 public:
  std::byte* allocate(size_t size, size_t alignment) override {
    if (left < size) return nullptr;
    left -= size;
    auto* block = static_cast<std::byte*>(::operator new(size, std::align_val_t(alignment)));
    std::memset(block, 0, size);
    blocks_.push_back({block, alignment});
    return block;
  }
  uint64_t address_of(const void* place) const override { return reinterpret_cast<uint64_t>(place); }
  ~HostDmaMemory() {
    for (auto& block : blocks_) ::operator delete(block.first, std::align_val_t(block.second));
  }
  size_t left = ~size_t{0};

 private:
  std::vector<std::pair<std::byte*, size_t>> blocks_;
};

class VirtioModel {
 public:
  struct Buffer {
    std::byte* bytes;
    uint32_t size;
    bool is_for_device_to_write;
  };
  struct Queue {
    uint32_t limit = 0, size = 0;
    bool is_ready = false;
    uint64_t descriptors = 0, available = 0, used = 0;
    uint16_t taken = 0;

    uint16_t& available_number() { return reinterpret_cast<uint16_t*>(available)[1]; }
    uint16_t& used_number() { return reinterpret_cast<uint16_t*>(used)[1]; }
    uint16_t& used_flags() { return reinterpret_cast<uint16_t*>(used)[0]; }
    bool has_news() { return is_ready && taken != available_number(); }
    // The next chain that was made available; its head in *chain.
    std::vector<Buffer> take(uint16_t* chain) {
      *chain = reinterpret_cast<uint16_t*>(available)[2 + taken++ % size];
      std::vector<Buffer> buffers;
      for (uint16_t entry = *chain;;) {
        auto* descriptor = reinterpret_cast<std::byte*>(descriptors) + 16 * size_t{entry};
        uint64_t address;
        uint32_t length;
        uint16_t flags, next;
        std::memcpy(&address, descriptor, 8);
        std::memcpy(&length, descriptor + 8, 4);
        std::memcpy(&flags, descriptor + 12, 2);
        std::memcpy(&next, descriptor + 14, 2);
        buffers.push_back({reinterpret_cast<std::byte*>(address), length, (flags & 2) != 0});
        if (!(flags & 1)) return buffers;
        entry = next;
      }
    }
    void give_back(uint32_t chain, uint32_t written) {
      uint32_t entry[2] = {chain, written};
      std::memcpy(reinterpret_cast<std::byte*>(used) + 4 + 8 * size_t{used_number() % size}, entry, sizeof entry);
      ++used_number();
    }
  };

  // What it offers, and what came of it.
  uint64_t offered = uint64_t{1} << 32, accepted = 0;
  uint8_t status = 0;
  std::vector<Queue> queues;
  std::vector<std::byte> config;
  uint32_t generation = 0;
  std::function<void(unsigned queue)> notified;  // the driver rang
  bool is_interrupting = false;
  int resets = 0;

  // What it does wrong.
  bool refuses_features = false, never_resets = false, refuses_queues = false;

  Queue& queue(unsigned index) {
    static Queue none;
    return index < queues.size() ? queues[index] : none = Queue();
  }
  void set_status(uint8_t value) {
    if (value == 0) {
      ++resets;
      if (never_resets) return;
      for (Queue& each : queues) each = Queue{.limit = each.limit};
      status = 0;
      return;
    }
    status = value;
    if (refuses_features) status &= static_cast<uint8_t>(~8);
  }
  void notify(unsigned index) {
    if (notified && (status & 4)) notified(index);
  }
};

// The model behind the registers of virtio-mmio (Virtual I/O Device specification 1.2, 4.2.2).
class MmioModel final : public VirtioModel, public Registers {
 public:
  uint32_t magic = 0x74726976, version = 2, type = 0;

  uint32_t read32(size_t offset) override {
    if (offset >= 0x100) return config_at<uint32_t>(offset - 0x100);
    switch (offset) {
      case 0x000: return magic;
      case 0x004: return version;
      case 0x008: return type;
      case 0x010: return word(0x014) < 2 ? static_cast<uint32_t>(offered >> 32 * word(0x014)) : 0;
      case 0x034: return queue(word(0x030)).limit;
      case 0x044: return queue(word(0x030)).is_ready;
      case 0x060: return is_interrupting;
      case 0x070: return status;
      case 0x0fc: return generation;
      default: ADD_FAILURE() << "read of register " << offset; return 0;
    }
  }
  void write32(size_t offset, uint32_t value) override {
    words_[offset] = value;
    Queue& selected = queue(word(0x030));
    switch (offset) {
      case 0x014:
      case 0x024:
      case 0x030: break;
      case 0x020: accepted = word(0x024) == 0 ? (accepted >> 32 << 32) | value : (accepted & 0xffffffff) | uint64_t{value} << 32; break;
      case 0x038: selected.size = value; break;
      case 0x044: selected.is_ready = value == 1 && !refuses_queues; break;
      case 0x050: notify(value); break;
      case 0x064: is_interrupting = false; break;
      case 0x070: set_status(static_cast<uint8_t>(value)); break;
      case 0x080:
      case 0x084: set_half(selected.descriptors, offset, value); break;
      case 0x090:
      case 0x094: set_half(selected.available, offset, value); break;
      case 0x0a0:
      case 0x0a4: set_half(selected.used, offset, value); break;
      default: ADD_FAILURE() << "write of register " << offset;
    }
  }
  uint8_t read8(size_t offset) override { return config_at<uint8_t>(offset - 0x100); }
  uint16_t read16(size_t offset) override { return config_at<uint16_t>(offset - 0x100); }
  void write8(size_t, uint8_t) override { ADD_FAILURE(); }
  void write16(size_t, uint16_t) override { ADD_FAILURE(); }

 private:
  uint32_t word(size_t offset) { return words_[offset]; }
  static void set_half(uint64_t& address, size_t offset, uint32_t value) {
    unsigned shift = offset % 8 == 0 ? 0 : 32;
    address = (address & ~(uint64_t{0xffffffff} << shift)) | uint64_t{value} << shift;
  }
  template <class T>
  T config_at(size_t offset) {
    T value = 0;
    if (offset + sizeof value <= config.size()) std::memcpy(&value, config.data() + offset, sizeof value);
    return value;
  }

  std::map<size_t, uint32_t> words_;
};

}  // namespace halcyon::hal
