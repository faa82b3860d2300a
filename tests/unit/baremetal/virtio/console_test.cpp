// The console's driver against a model of a console.
#include "hal-baremetal/drivers/virtio/console.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "hal-baremetal/drivers/virtio/mmio_transport.h"
#include "tests/unit/baremetal/virtio/model.h"

namespace halcyon::hal {
namespace {

class VirtioConsoleTest : public testing::Test {
 protected:
  static constexpr uint64_t has_size = 1;

  VirtioConsoleTest() {
    model.type = 3;
    model.queues.resize(2);
    model.queues[0].limit = model.queues[1].limit = 128;
    model.config.resize(8);
    model.notified = [this](unsigned queue) {
      if (queue == 1 && takes_output) take_output();
    };
  }
  void take_output() {
    auto& queue = model.queues[1];
    while (queue.has_news()) {
      uint16_t chain;
      for (const auto& buffer : queue.take(&chain)) sent.append(reinterpret_cast<const char*>(buffer.bytes), buffer.size);
      queue.give_back(chain, 0);
    }
  }
  // False: the driver has offered no buffer.
  bool type(std::string_view text) {
    auto& queue = model.queues[0];
    if (!queue.has_news()) return false;
    uint16_t chain;
    auto buffers = queue.take(&chain);
    EXPECT_GE(buffers[0].size, text.size());
    std::memcpy(buffers[0].bytes, text.data(), text.size());
    queue.give_back(chain, static_cast<uint32_t>(text.size()));
    return true;
  }
  std::string read(size_t most = 1000) {
    std::string text(most, '\0');
    text.resize(driver.read(std::as_writable_bytes(std::span(text))));
    return text;
  }
  size_t write(std::string_view text) { return driver.write(std::as_bytes(std::span(text))); }

  HostDmaMemory memory;
  MmioModel model;
  MmioTransport transport{model};
  VirtioConsole driver{transport, memory};
  bool takes_output = true;
  std::string sent;
};

TEST_F(VirtioConsoleTest, ReadsWhatIsTyped) {
  ASSERT_EQ(driver.initialize(), "");
  EXPECT_FALSE(driver.can_read());
  EXPECT_EQ(read(), "");
  ASSERT_TRUE(type("hello"));
  ASSERT_TRUE(type(""));
  ASSERT_TRUE(type(" world"));
  EXPECT_TRUE(driver.can_read());
  EXPECT_EQ(read(3), "hel");
  EXPECT_EQ(read(), "lo world");
  EXPECT_FALSE(driver.can_read());
  // Buffers go round.
  for (int turn = 0; turn < 1000; ++turn) {
    ASSERT_TRUE(type("x"));
    ASSERT_EQ(read(), "x");
  }
}

TEST_F(VirtioConsoleTest, KeepsInputUntilItIsRead) {
  ASSERT_EQ(driver.initialize(), "");
  std::string all;
  for (char c = 'a'; type(std::string(100, c)); ++c) all += std::string(100, c);
  EXPECT_GE(all.size(), 200u);
  EXPECT_EQ(read(10'000), all);
  EXPECT_TRUE(type("more"));
}

TEST_F(VirtioConsoleTest, SendsWhatIsWritten) {
  ASSERT_EQ(driver.initialize(), "");
  EXPECT_TRUE(driver.can_write());
  std::string text(5000, '\0');
  for (size_t index = 0; index < text.size(); ++index) text[index] = static_cast<char>(index % 251);
  EXPECT_EQ(write(text), text.size());
  EXPECT_EQ(sent, text);
}

TEST_F(VirtioConsoleTest, WaitsForADeviceThatIsSlow) {
  takes_output = false;
  ASSERT_EQ(driver.initialize(), "");
  std::string text(5000, 'x');
  size_t count = write(text);
  EXPECT_GT(count, 0u);
  EXPECT_LT(count, text.size());
  EXPECT_FALSE(driver.can_write());
  EXPECT_EQ(write(text), 0u);
  take_output();
  EXPECT_TRUE(driver.can_write());
  EXPECT_EQ(sent.size(), count);
  model.is_interrupting = true;
  driver.handle_interrupt();
  EXPECT_TRUE(driver.event().take());
}

TEST_F(VirtioConsoleTest, HasTheWindowThatTheDeviceHas) {
  ASSERT_EQ(driver.initialize(), "");
  driver.set_window_size({.rows = 50, .columns = 100});
  EXPECT_EQ(driver.window_size().rows, 50);
  VirtioConsole other(transport, memory);
  model.offered |= has_size;
  ASSERT_EQ(other.initialize(), "");
  EXPECT_EQ(other.window_size().columns, 80);
  model.config[0] = std::byte{132};
  model.config[2] = std::byte{43};
  EXPECT_EQ(other.window_size().columns, 132);
  EXPECT_EQ(other.window_size().rows, 43);
}

TEST_F(VirtioConsoleTest, ADeviceThatLiesIsBroken) {
  for (unsigned queue : {0u, 1u}) {
    HostDmaMemory own_memory;
    VirtioConsole own(transport, own_memory);
    ASSERT_EQ(own.initialize(), "");
    model.queues[queue].give_back(queue == 0 ? 0 : 3, queue == 0 ? 100'000 : 0);
    EXPECT_FALSE(queue == 0 && own.can_read());
    EXPECT_TRUE(own.can_write());
    EXPECT_TRUE(own.is_broken());
    EXPECT_EQ(model.status, 0);
    std::byte byte{};
    EXPECT_EQ(own.read({&byte, 1}), 0u);
    EXPECT_EQ(own.write({&byte, 1}), 1u);
  }
}

TEST_F(VirtioConsoleTest, WorksWithTheShortestQueues) {
  model.queues[0].limit = model.queues[1].limit = 1;
  ASSERT_EQ(driver.initialize(), "");
  for (int turn = 0; turn < 10; ++turn) {
    ASSERT_TRUE(type("a"));
    EXPECT_FALSE(type("b"));
    EXPECT_EQ(read(), "a");
    EXPECT_EQ(write("c"), 1u);
  }
  EXPECT_EQ(sent, "cccccccccc");
  model.queues.resize(1);
  VirtioConsole other(transport, memory);
  EXPECT_EQ(other.initialize(), "lacks a queue");
}

}  // namespace
}  // namespace halcyon::hal
