// What is read out of PCI's configuration space, and virtio devices on PCI, against models of both.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "hal-baremetal/drivers/virtio/entropy.h"
#include "hal-baremetal/drivers/virtio/pci_transport.h"
#include "tests/unit/baremetal/virtio/model.h"

namespace halcyon::hal {
namespace {

// The configuration space of one bus, of which each function's 256 first bytes are there.
class BusModel final : public Registers {
 public:
  struct Function {
    std::vector<uint8_t> bytes = std::vector<uint8_t>(256);
    std::map<size_t, uint32_t> size_masks;  // of base address registers, by offset: the bits that can be set

    template <class T>
    void set(size_t offset, T value) {
      std::memcpy(bytes.data() + offset, &value, sizeof value);
    }
    // A memory window of 64 bits.
    void set_window(unsigned index, uint64_t address, uint64_t size) {
      set<uint32_t>(0x10 + 4 * index, static_cast<uint32_t>(address) | 4);
      set<uint32_t>(0x14 + 4 * index, static_cast<uint32_t>(address >> 32));
      size_masks[0x10 + 4 * index] = static_cast<uint32_t>(~(size - 1)) | 4;
      size_masks[0x14 + 4 * index] = static_cast<uint32_t>(~(size - 1) >> 32);
    }
  };

  Function& add(unsigned device, unsigned function, uint16_t vendor, uint16_t id) {
    Function& made = functions_[device << 3 | function];
    made.set(0x00, vendor);
    made.set(0x02, id);
    return made;
  }

  uint8_t read8(size_t offset) override { return read<uint8_t>(offset); }
  uint16_t read16(size_t offset) override { return read<uint16_t>(offset); }
  uint32_t read32(size_t offset) override { return read<uint32_t>(offset); }
  void write8(size_t, uint8_t) override { ADD_FAILURE(); }
  void write16(size_t offset, uint16_t value) override { write(offset, value); }
  void write32(size_t offset, uint32_t value) override { write(offset, value); }

 private:
  template <class T>
  T read(size_t offset) {
    auto found = functions_.find(offset >> 12);
    T value = static_cast<T>(~T{0});
    EXPECT_EQ(offset % sizeof value, 0u);
    if (found == functions_.end()) return value;
    std::memcpy(&value, found->second.bytes.data() + offset % 256, sizeof value);
    return value;
  }
  template <class T>
  void write(size_t offset, T value) {
    Function& function = functions_.at(offset >> 12);
    size_t at = offset % 256;
    if (at >= 0x10 && at < 0x28) {
      uint32_t mask = function.size_masks.contains(at) ? function.size_masks[at] : 0, flags = 0;
      std::memcpy(&flags, function.bytes.data() + at, 4);
      bool is_low = (mask & 0xf) == 4;
      function.set<uint32_t>(at,
                             is_low ? (static_cast<uint32_t>(value) & mask & ~0xfu) | (flags & 0xf) : static_cast<uint32_t>(value) & mask);
    } else {
      function.set(at, value);
    }
  }

  std::map<size_t, Function> functions_;
};

// The common configuration and what belongs to it, in front of a VirtioModel: 0 common, 0x100 interrupts, 0x200 the device's own, 0x300
// notifications, 0x400 the table of messages.
class PciModel final : public VirtioModel, public Registers {
 public:
  static constexpr size_t size = 0x1000;
  uint32_t messages[4] = {};
  uint16_t queue_message = 0xffff, notify_offset = 0, message_limit = 1;

  uint8_t read8(size_t offset) override {
    switch (offset) {
      case 20: return status;
      case 21: return static_cast<uint8_t>(generation);
      case 0x100: return std::exchange(is_interrupting, false);
      default: ADD_FAILURE() << offset; return 0;
    }
  }
  uint16_t read16(size_t offset) override {
    switch (offset) {
      case 24: return static_cast<uint16_t>(queue(selected_).limit);
      case 26: return queue_message;
      case 28: return queue(selected_).is_ready;
      case 30: return notify_offset;
      default: ADD_FAILURE() << offset; return 0;
    }
  }
  uint32_t read32(size_t offset) override {
    if (offset == 4) return features_word_ < 2 ? static_cast<uint32_t>(offered >> 32 * features_word_) : 0;
    ADD_FAILURE() << offset;
    return 0;
  }
  void write8(size_t offset, uint8_t value) override {
    EXPECT_EQ(offset, 20u);
    set_status(value);
  }
  void write16(size_t offset, uint16_t value) override {
    switch (offset) {
      case 16: break;
      case 22: selected_ = value; break;
      case 24: queue(selected_).size = value; break;
      case 26: queue_message = value < message_limit ? value : uint16_t{0xffff}; break;
      case 28: queue(selected_).is_ready = value == 1; break;
      default:
        EXPECT_GE(offset, 0x300u);
        EXPECT_LT(offset, 0x400u);
        notify(value);
    }
  }
  void write32(size_t offset, uint32_t value) override {
    Queue& queue_now = queue(selected_);
    switch (offset) {
      case 0: features_word_ = value; break;
      case 8: driver_word_ = value; break;
      case 12: accepted = driver_word_ == 0 ? (accepted >> 32 << 32) | value : (accepted & 0xffffffff) | uint64_t{value} << 32; break;
      case 32:
      case 36: set_half(queue_now.descriptors, offset, value); break;
      case 40:
      case 44: set_half(queue_now.available, offset, value); break;
      case 48:
      case 52: set_half(queue_now.used, offset, value); break;
      default:
        ASSERT_GE(offset, 0x400u);
        ASSERT_LT(offset, 0x410u);
        messages[(offset - 0x400) / 4] = value;
    }
  }

 private:
  static void set_half(uint64_t& address, size_t offset, uint32_t value) {
    unsigned shift = offset % 8 == 0 ? 0 : 32;
    address = (address & ~(uint64_t{0xffffffff} << shift)) | uint64_t{value} << shift;
  }
  uint32_t features_word_ = 0, driver_word_ = 0;
  uint16_t selected_ = 0;
};

class Shifted final : public Registers {
 public:
  Shifted(Registers& whole, size_t start, size_t size) : whole_(whole), start_(start), size_(size) {}
  uint8_t read8(size_t offset) override { return whole_.read8(at(offset, 1)); }
  uint16_t read16(size_t offset) override { return whole_.read16(at(offset, 2)); }
  uint32_t read32(size_t offset) override { return whole_.read32(at(offset, 4)); }
  void write8(size_t offset, uint8_t value) override { whole_.write8(at(offset, 1), value); }
  void write16(size_t offset, uint16_t value) override { whole_.write16(at(offset, 2), value); }
  void write32(size_t offset, uint32_t value) override { whole_.write32(at(offset, 4), value); }

 private:
  size_t at(size_t offset, size_t width) const {
    EXPECT_LE(offset + width, size_) << "beyond what was mapped";
    return start_ + offset;
  }
  Registers& whole_;
  size_t start_, size_;
};

class PciTest : public testing::Test, public PciPlatform {
 protected:
  static constexpr uint64_t space = 0xe000'0000, window = 0x9'0000'0000;

  Registers* map(uint64_t address, uint64_t size) override {
    if (address >= space && address < space + (4 << 20)) return &buses[(address - space) >> 20];
    if (address < window || address - window + size > PciModel::size) return nullptr;
    mapped.push_back(std::make_unique<Shifted>(model, address - window, size));
    return mapped.back().get();
  }
  uint64_t from_bus(uint64_t address) override { return address; }
  uint64_t allocate(uint64_t size) override { return size > room ? 0 : window; }

  // A virtio device of that type at 00:03.0, as the model.
  BusModel::Function& add_device(uint16_t vendor, uint16_t id) {
    auto& function = buses[0].add(3, 0, vendor, id);
    function.set_window(2, window, PciModel::size);
    function.set<uint16_t>(0x06, 0x10);
    function.set<uint8_t>(0x34, 0x40);
    struct {
      uint8_t kind, size;
      uint32_t offset, length;
    } const areas[] = {{1, 16, 0, 56}, {3, 16, 0x100, 1}, {4, 16, 0x200, 64}, {2, 20, 0x300, 0x100}};
    uint8_t at = 0x40;
    for (const auto& area : areas) {
      function.set<uint8_t>(at, 9);
      function.set<uint8_t>(at + 1, static_cast<uint8_t>(at + 20));
      function.set<uint8_t>(at + 2, area.size);
      function.set<uint8_t>(at + 3, area.kind);
      function.set<uint8_t>(at + 4, 2);
      function.set<uint32_t>(at + 8, area.offset);
      function.set<uint32_t>(at + 12, area.length);
      function.set<uint32_t>(at + 16, 4);
      at += 20;
    }
    function.set<uint8_t>(at, 0x11);
    function.set<uint32_t>(at + 4, 0x400 | 2);
    return function;
  }
  PciFunction function() { return PciFunction(buses[0], 0, 3, 0); }

  BusModel buses[4];
  PciModel model;
  std::vector<std::unique_ptr<Shifted>> mapped;
  uint64_t room = 0;
};

TEST_F(PciTest, FindsFunctionsBehindBridges) {
  buses[0].add(0, 0, 0x8086, 1);
  buses[0].add(5, 0, 0x8086, 2).set<uint8_t>(0x0e, 0x80);
  buses[0].add(5, 6, 0x8086, 3);
  buses[0].add(6, 0, 0x8086, 4);
  buses[0].add(6, 1, 0x8086, 99);  // its first function says that there is no second
  auto& bridge = buses[0].add(31, 0, 0x8086, 5);
  bridge.set<uint8_t>(0x0e, 1);
  bridge.set<uint8_t>(0x19, 2);
  buses[1].add(0, 0, 0x8086, 98);  // behind nothing
  buses[2].add(0, 0, 0x8086, 6);
  auto& loop = buses[2].add(1, 0, 0x8086, 7);
  loop.set<uint8_t>(0x0e, 1);
  loop.set<uint8_t>(0x19, 0);
  std::vector<unsigned> found;
  PciSegment segment(*this, space, 0, 3);
  segment.for_each([&](PciFunction& each) { found.push_back(each.device_id()); });
  EXPECT_EQ(found, (std::vector<unsigned>{1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(PciTest, MeasuresAndPlacesWindows) {
  auto& device = buses[0].add(3, 0, 1, 1);
  device.set_window(0, 0, 0x4000);
  device.set<uint32_t>(0x18, 1);  // a port
  device.set_window(4, 0xc'0000'0000, 0x1'0000'0000);
  PciFunction pci = function();
  EXPECT_EQ(pci.window(0)->address, 0u);
  EXPECT_EQ(pci.window(0)->size, 0x4000u);
  EXPECT_FALSE(pci.window(2));
  EXPECT_FALSE(pci.window(3));
  EXPECT_EQ(pci.window(4)->address, 0xc'0000'0000u);
  EXPECT_EQ(pci.window(4)->size, 0x1'0000'0000u);
  EXPECT_FALSE(pci.window(6));
  EXPECT_FALSE(pci.place_windows(*this));
  room = 0x4000;
  EXPECT_TRUE(pci.place_windows(*this));
  EXPECT_EQ(pci.window(0)->address, window);
  EXPECT_EQ(pci.window(4)->address, 0xc'0000'0000u);
}

TEST_F(PciTest, EndsWithCapabilitiesThatGoRoundInCircles) {
  auto& device = buses[0].add(3, 0, 1, 1);
  device.set<uint16_t>(0x06, 0x10);
  device.set<uint8_t>(0x34, 0x40);
  device.set<uint8_t>(0x40, 5);
  device.set<uint8_t>(0x41, 0x40);
  EXPECT_EQ(function().find_capability(5), 0x40);
  EXPECT_EQ(function().find_capability(9), 0);
  device.set<uint8_t>(0x41, 0x10);
  EXPECT_EQ(function().find_capability(9), 0);
  device.set<uint16_t>(0x06, 0);
  EXPECT_EQ(function().find_capability(5), 0);
}

TEST_F(PciTest, KnowsVirtioDevices) {
  PciFunction pci = function();
  EXPECT_EQ(identify_virtio(pci), VirtioType::none);
  auto& device = buses[0].add(3, 0, 0x1af4, 0x1044);
  EXPECT_EQ(identify_virtio(pci), VirtioType::entropy);
  device.set<uint16_t>(0x02, 0x1001);
  device.set<uint16_t>(0x2e, 2);
  EXPECT_EQ(identify_virtio(pci), VirtioType::block);
  device.set<uint16_t>(0x02, 0x1110);
  EXPECT_EQ(identify_virtio(pci), VirtioType::none);
  device.set<uint16_t>(0x00, 0x8086);
  EXPECT_EQ(identify_virtio(pci), VirtioType::none);
}

TEST_F(PciTest, DrivesADeviceByMessages) {
  add_device(0x1af4, 0x1044);
  model.queues.resize(1);
  model.queues[0].limit = 8;
  model.notify_offset = 5;
  model.notified = [&](unsigned index) {
    uint16_t chain;
    auto buffers = model.queues[index].take(&chain);
    buffers[0].bytes[0] = std::byte{42};
    model.queues[index].give_back(chain, 1);
  };
  PciFunction pci = function();
  pci.enable(true);
  ASSERT_TRUE(pci.set_message(*this, 0xfee0'1000, 0xe3));
  EXPECT_EQ(model.messages[0], 0xfee0'1000u);
  EXPECT_EQ(model.messages[2], 0xe3u);
  EXPECT_EQ(model.messages[3], 0u);
  PciTransport transport;
  ASSERT_EQ(transport.initialize(*this, pci, true), "");
  HostDmaMemory memory;
  VirtioEntropy driver(transport, memory);
  ASSERT_EQ(driver.initialize(), "");
  EXPECT_EQ(model.queue_message, 0);
  std::byte byte;
  EXPECT_EQ(driver.take({&byte, 1}), 1u);
  EXPECT_EQ(byte, std::byte{42});
  driver.handle_interrupt();
  EXPECT_TRUE(driver.event().take());
}

TEST_F(PciTest, AsksTheDeviceWhetherThePinIsItsOwn) {
  add_device(0x1af4, 0x1044);
  PciFunction pci = function();
  PciTransport transport;
  ASSERT_EQ(transport.initialize(*this, pci, false), "");
  EXPECT_FALSE(transport.take_interrupt());
  model.is_interrupting = true;
  EXPECT_TRUE(transport.take_interrupt());
  EXPECT_FALSE(transport.take_interrupt());
}

TEST_F(PciTest, RefusesAreasThatCannotBe) {
  auto& device = add_device(0x1af4, 0x1044);
  auto good = device.bytes;
  PciFunction pci = function();
  auto is_refused = [&] {
    PciTransport transport;
    bool refused = !transport.initialize(*this, pci, false).empty();
    device.bytes = good;
    return refused;
  };
  EXPECT_FALSE(is_refused());
  constexpr size_t common = 0x40, notify = 0x40 + 60;
  for (uint8_t bar : std::initializer_list<uint8_t>{0, 1, 3, 6, 255}) {
    device.set<uint8_t>(common + 4, bar);
    EXPECT_TRUE(is_refused());
  }
  for (uint32_t offset : {0x1000u, 0xfd0u, ~0u}) {
    device.set<uint32_t>(common + 8, offset);
    EXPECT_TRUE(is_refused());
  }
  for (uint32_t length : {0u, 55u, 0x1001u, ~0u}) {
    device.set<uint32_t>(common + 12, length);
    EXPECT_TRUE(is_refused());
  }
  device.set<uint8_t>(common + 2, 15);
  EXPECT_TRUE(is_refused());
  device.set<uint8_t>(notify + 2, 16);
  EXPECT_TRUE(is_refused());
  device.set_window(2, 0, PciModel::size);
  EXPECT_TRUE(is_refused());
}

TEST_F(PciTest, RefusesQueuesThatCannotBeRungOrHeard) {
  add_device(0x1af4, 0x1044);
  model.queues.resize(1);
  model.queues[0].limit = 8;
  PciFunction pci = function();
  HostDmaMemory memory;
  PciTransport transport;
  ASSERT_EQ(transport.initialize(*this, pci, true), "");
  VirtioEntropy driver(transport, memory);
  model.notify_offset = 64;  // times 4: at the end of the area
  EXPECT_EQ(driver.initialize(), "does not take a queue");
  model.notify_offset = 63;
  EXPECT_EQ(driver.initialize(), "");
  model.message_limit = 0;
  EXPECT_EQ(driver.initialize(), "does not take a queue");
}

TEST_F(PciTest, SetsNoMessageInATableThatIsNotThere) {
  auto& device = add_device(0x1af4, 0x1044);
  PciFunction pci = function();
  for (uint32_t place : {0x400u | 3, 0x400u | 7, 0x1000u | 2, 0xff8u | 2, 0xffff'fff8u | 2}) {
    device.set<uint32_t>(0x40 + 80 + 4, place);
    EXPECT_FALSE(pci.set_message(*this, 1, 1));
  }
}

}  // namespace
}  // namespace halcyon::hal
