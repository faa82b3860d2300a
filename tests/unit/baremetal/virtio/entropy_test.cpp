// The handshake with a virtio device, and the entropy device's driver, against a model of it.
#include "hal-baremetal/drivers/virtio/entropy.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hal-baremetal/drivers/virtio/mmio_transport.h"
#include "tests/unit/baremetal/virtio/model.h"

namespace halcyon::hal {
namespace {

class VirtioEntropyTest : public testing::Test {
 protected:
  VirtioEntropyTest() {
    model.type = 4;
    model.queues.resize(1);
    model.queues[0].limit = 8;
    model.notified = [this](unsigned) {
      if (is_prompt) answer();
    };
  }
  // Fills what the driver has offered.
  void answer() {
    auto& queue = model.queues[0];
    while (queue.has_news()) {
      uint16_t chain;
      auto buffers = queue.take(&chain);
      ASSERT_EQ(buffers.size(), 1u);
      ASSERT_TRUE(buffers[0].is_for_device_to_write);
      uint32_t count = std::min(buffers[0].size, gives);
      for (uint32_t index = 0; index < count; ++index) buffers[0].bytes[index] = std::byte{next++};
      queue.give_back(chain, count);
      model.is_interrupting = true;
    }
  }
  std::vector<uint8_t> take(size_t count) {
    std::vector<uint8_t> bytes(count);
    bytes.resize(driver.take(std::as_writable_bytes(std::span(bytes))));
    return bytes;
  }
  bool is_failed() const { return (model.status & 128) != 0; }

  HostDmaMemory memory;
  MmioModel model;
  MmioTransport transport{model};
  VirtioEntropy driver{transport, memory};
  bool is_prompt = true;
  uint32_t gives = 64;
  uint8_t next = 1;
};

TEST_F(VirtioEntropyTest, IdentifiesTheDevice) {
  VirtioType type;
  EXPECT_EQ(transport.identify(&type), "");
  EXPECT_EQ(type, VirtioType::entropy);
  model.type = 0;
  model.version = 1;
  EXPECT_EQ(transport.identify(&type), "");
  EXPECT_EQ(type, VirtioType::none);
}

TEST_F(VirtioEntropyTest, RefusesWhatSpeaksNoVirtio) {
  VirtioType type;
  for (uint32_t version : {0u, 1u, 3u, ~0u}) {
    model.version = version;
    EXPECT_NE(transport.identify(&type), "");
    EXPECT_EQ(type, VirtioType::none);
  }
  model.version = 2;
  for (uint32_t magic : {0u, ~0u, 0x76697274u}) {
    model.magic = magic;
    EXPECT_NE(transport.identify(&type), "");
    EXPECT_EQ(type, VirtioType::none);
  }
}

TEST_F(VirtioEntropyTest, ShakesHandsAndTakesBytesOnce) {
  model.offered |= 0xff'0000'00ff;
  ASSERT_EQ(driver.initialize(), "");
  EXPECT_EQ(model.accepted, uint64_t{1} << 32);
  EXPECT_EQ(model.status, 1 | 2 | 4 | 8);
  EXPECT_EQ(take(3), (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_EQ(take(2), (std::vector<uint8_t>{4, 5}));
  EXPECT_EQ(take(1000).size(), 59u);
  EXPECT_EQ(take(2), (std::vector<uint8_t>{65, 66}));
  driver.handle_interrupt();
  EXPECT_TRUE(driver.event().take());
  EXPECT_FALSE(model.is_interrupting);
  driver.handle_interrupt();
  EXPECT_FALSE(driver.event().take());
}

TEST_F(VirtioEntropyTest, HandsOutNothingBeforeTheDeviceAnswers) {
  is_prompt = false;
  ASSERT_EQ(driver.initialize(), "");
  EXPECT_TRUE(take(4).empty());
  EXPECT_FALSE(driver.is_broken());
  gives = 2;
  answer();
  EXPECT_EQ(take(4), (std::vector<uint8_t>{1, 2}));
  EXPECT_TRUE(take(4).empty());
}

TEST_F(VirtioEntropyTest, RefusesADeviceThatDoesNotShakeHands) {
  model.offered = 0xff;
  EXPECT_EQ(driver.initialize(), "does not offer virtio 1.0");
  EXPECT_TRUE(is_failed());
  model.offered = uint64_t{1} << 32;
  model.refuses_features = true;
  EXPECT_EQ(driver.initialize(), "does not accept the features that it offered");
  EXPECT_TRUE(is_failed());
  model.refuses_features = false;
  model.status = 1;
  model.never_resets = true;
  EXPECT_EQ(driver.initialize(), "cannot be reset");
}

TEST_F(VirtioEntropyTest, RefusesADeviceWithoutAUsableQueue) {
  model.queues[0].limit = 0;
  EXPECT_EQ(driver.initialize(), "lacks a queue");
  model.queues.clear();
  EXPECT_EQ(driver.initialize(), "lacks a queue");
  model.queues.resize(1);
  model.queues[0].limit = 4;
  model.refuses_queues = true;
  EXPECT_EQ(driver.initialize(), "does not take a queue");
  EXPECT_TRUE(is_failed());
  model.refuses_queues = false;
  memory.left = 0;
  EXPECT_EQ(driver.initialize(), "gets no memory for its queues");
}

TEST_F(VirtioEntropyTest, UsesAQueueOfAnySize) {
  for (uint32_t limit : {1u, 3u, 1u << 15, 0xffffu, ~0u}) {
    model.queues[0].limit = limit;
    ASSERT_EQ(driver.initialize(), "");
    EXPECT_FALSE(is_failed());
    EXPECT_LE(model.queues[0].size, limit);
  }
}

TEST_F(VirtioEntropyTest, GivesUpADeviceThatLies) {
  is_prompt = false;
  struct {
    uint32_t chain, written;
  } const lies[] = {{0, 65}, {1, 4}, {~0u, 4}, {0, ~0u}, {0, 0}};
  for (auto lie : lies) {
    HostDmaMemory own_memory;
    VirtioEntropy own(transport, own_memory);
    ASSERT_EQ(own.initialize(), "");
    int resets = model.resets;
    model.queues[0].give_back(lie.chain, lie.written);
    std::byte bytes[64];
    EXPECT_EQ(own.take(bytes), 0u);
    EXPECT_TRUE(own.is_broken());
    EXPECT_EQ(own.take(bytes), 0u);
    // It is kept from writing to memory any more, once.
    EXPECT_EQ(model.resets, resets + 1);
    EXPECT_EQ(model.status, 0);
  }
}

}  // namespace
}  // namespace halcyon::hal
