// The disk's driver against a model of a disk.
#include "hal-baremetal/drivers/virtio/block.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hal-baremetal/drivers/virtio/mmio_transport.h"
#include "tests/unit/baremetal/virtio/model.h"

namespace halcyon::hal {
namespace {

using Kind = BlockRequest::Kind;
using State = BlockRequest::State;

class VirtioBlockTest : public testing::Test {
 protected:
  static constexpr uint64_t version_1 = uint64_t{1} << 32, size_max = 2, seg_max = 4, read_only = 32, block_size = 64, flush = 512;

  VirtioBlockTest() : contents(16 * 512) {
    model.type = 2;
    model.queues.resize(1);
    model.queues[0].limit = 256;
    model.config.resize(64);
    set_config<uint64_t>(0, 16);
    model.notified = [this](unsigned) {
      if (is_prompt) work();
    };
    for (size_t index = 0; index < contents.size(); ++index) contents[index] = static_cast<std::byte>(index / 512);
  }
  template <class T>
  void set_config(size_t offset, T value) {
    std::memcpy(model.config.data() + offset, &value, sizeof value);
  }
  // What a disk does (5.2.6).
  void work() {
    auto& queue = model.queues[0];
    while (queue.has_news()) {
      uint16_t chain;
      auto buffers = queue.take(&chain);
      ASSERT_GE(buffers.size(), 2u);
      ASSERT_EQ(buffers.front().size, 16u);
      ASSERT_EQ(buffers.back().size, 1u);
      uint32_t kind;
      uint64_t sector;
      std::memcpy(&kind, buffers[0].bytes, 4);
      std::memcpy(&sector, buffers[0].bytes + 8, 8);
      kinds.push_back(kind);
      std::byte* place = contents.data() + sector * 512;
      uint32_t written = 1;
      for (size_t index = 1; index + 1 < buffers.size(); ++index) {
        auto& part = buffers[index];
        EXPECT_EQ(part.is_for_device_to_write, kind == 0);
        if (kind == 0) std::memcpy(part.bytes, place, part.size), written += part.size;
        if (kind == 1) std::memcpy(place, part.bytes, part.size);
        place += part.size;
      }
      if (gives_answer) *buffers.back().bytes = answer;
      queue.give_back(chain, written);
      model.is_interrupting = true;
    }
  }
  void begin(uint64_t features = 0) {
    model.offered = version_1 | features;
    ASSERT_EQ(driver.initialize(), "");
  }
  State run(Kind kind, uint64_t sector, std::span<const BlockRequest::Part> parts) {
    BlockRequest request;
    request.kind = kind;
    request.sector = sector;
    request.parts = parts;
    EXPECT_TRUE(driver.submit(request));
    driver.settle();
    return request.state;
  }

  HostDmaMemory memory;
  MmioModel model;
  MmioTransport transport{model};
  VirtioBlock driver{transport, memory};
  std::vector<std::byte> contents;
  std::vector<uint32_t> kinds;
  bool is_prompt = true, gives_answer = true;
  std::byte answer{0};
};

TEST_F(VirtioBlockTest, ReadsAndWrites) {
  begin();
  EXPECT_EQ(driver.sector_count(), 16u);
  EXPECT_EQ(driver.block_size(), 512u);
  EXPECT_FALSE(driver.is_read_only());
  std::vector<std::byte> one(1024), two(512);
  BlockRequest::Part parts[] = {{one.data(), 1024}, {two.data(), 512}};
  EXPECT_EQ(run(Kind::read, 3, parts), State::done);
  EXPECT_EQ(one[0], std::byte{3});
  EXPECT_EQ(one[512], std::byte{4});
  EXPECT_EQ(two[511], std::byte{5});
  std::fill(one.begin(), one.end(), std::byte{0xaa});
  EXPECT_EQ(run(Kind::write, 14, std::span(parts).first(1)), State::done);
  EXPECT_EQ(contents[14 * 512 - 1], std::byte{13});
  EXPECT_EQ(contents[14 * 512], std::byte{0xaa});
  EXPECT_EQ(contents[16 * 512 - 1], std::byte{0xaa});
  driver.handle_interrupt();
  EXPECT_TRUE(driver.event().take());
}

TEST_F(VirtioBlockTest, FlushesIfTheDeviceKeepsThingsBack) {
  begin();
  EXPECT_EQ(run(Kind::flush, 0, {}), State::done);
  EXPECT_TRUE(kinds.empty());
  VirtioBlock other(transport, memory);
  model.offered |= flush;
  ASSERT_EQ(other.initialize(), "");
  BlockRequest request;
  request.kind = Kind::flush;
  EXPECT_TRUE(other.submit(request));
  other.settle();
  EXPECT_EQ(request.state, State::done);
  EXPECT_EQ(kinds, std::vector<uint32_t>{4});
}

TEST_F(VirtioBlockTest, FailsWhatTheDeviceFails) {
  begin();
  std::byte bytes[512];
  BlockRequest::Part part{bytes, 512};
  for (uint8_t bad : std::initializer_list<uint8_t>{1, 2, 3, 255}) {
    answer = std::byte{bad};
    EXPECT_EQ(run(Kind::read, 0, {&part, 1}), State::failed);
  }
  // An answer that was not given is none.
  gives_answer = false;
  EXPECT_EQ(run(Kind::read, 0, {&part, 1}), State::failed);
  gives_answer = true;
  answer = std::byte{0};
  EXPECT_EQ(run(Kind::read, 0, {&part, 1}), State::done);
}

TEST_F(VirtioBlockTest, AsksForNothingBeyondTheEnd) {
  begin();
  std::byte bytes[1024];
  BlockRequest::Part part{bytes, 1024};
  for (uint64_t sector : {uint64_t{15}, uint64_t{16}, ~uint64_t{0}}) EXPECT_EQ(run(Kind::read, sector, {&part, 1}), State::failed);
  EXPECT_EQ(run(Kind::read, 0, {}), State::failed);
  EXPECT_TRUE(kinds.empty());
}

TEST_F(VirtioBlockTest, WritesNothingToADiskForReading) {
  begin(read_only);
  EXPECT_TRUE(driver.is_read_only());
  std::byte bytes[512];
  BlockRequest::Part part{bytes, 512};
  EXPECT_EQ(run(Kind::write, 0, {&part, 1}), State::failed);
  EXPECT_EQ(run(Kind::read, 0, {&part, 1}), State::done);
  EXPECT_EQ(kinds, std::vector<uint32_t>{0});
}

TEST_F(VirtioBlockTest, RefusesImpossibleConfigurations) {
  auto refusal = [&](uint64_t features) {
    VirtioBlock own(transport, memory);
    model.offered = version_1 | features;
    auto complaint = own.initialize();
    EXPECT_EQ((model.status & 128) != 0, !complaint.empty());
    return complaint;
  };
  EXPECT_EQ(refusal(0), "");
  for (uint32_t bad : {0u, 1u, 256u, 513u, 8192u, 1u << 31, ~0u}) {
    set_config(20, bad);
    EXPECT_NE(refusal(block_size), "");
  }
  set_config<uint32_t>(20, 4096);
  EXPECT_EQ(refusal(block_size), "");
  for (uint32_t bad : {0u, 1u, 4095u}) {
    set_config(8, bad);
    EXPECT_NE(refusal(size_max), "");
  }
  set_config<uint32_t>(12, 0);
  EXPECT_NE(refusal(seg_max), "");
  set_config(0, ~uint64_t{0});
  EXPECT_NE(refusal(0), "");
  set_config<uint64_t>(0, 0);
  EXPECT_EQ(refusal(0), "");
  model.queues[0].limit = 2;
  EXPECT_NE(refusal(0), "");
}

TEST_F(VirtioBlockTest, KeepsToTheDevicesLimits) {
  set_config<uint32_t>(12, 5);
  begin(seg_max);
  EXPECT_EQ(driver.most_parts(), 5u);
  VirtioBlock other(transport, memory);
  model.queues[0].limit = 4;
  ASSERT_EQ(other.initialize(), "");
  EXPECT_EQ(other.most_parts(), 2u);
}

TEST_F(VirtioBlockTest, TakesOnlySoMuchAtOnce) {
  is_prompt = false;
  begin();
  std::byte bytes[512];
  BlockRequest::Part part{bytes, 512};
  std::vector<BlockRequest> requests(100);
  size_t taken = 0;
  for (BlockRequest& request : requests) {
    request.parts = {&part, 1};
    if (!driver.submit(request)) break;
    ++taken;
  }
  EXPECT_GT(taken, 1u);
  EXPECT_LT(taken, 100u);
  work();
  driver.settle();
  for (size_t index = 0; index < taken; ++index) EXPECT_EQ(requests[index].state, State::done);
  EXPECT_TRUE(driver.submit(requests[taken]));
  driver.give_up();
}

// Everything that waits fails, the device is reset before, and nothing is asked of it any more.
TEST_F(VirtioBlockTest, GivesUpADeviceThatDoesNotAnswer) {
  is_prompt = false;
  begin();
  std::byte bytes[512];
  BlockRequest::Part part{bytes, 512};
  BlockRequest one, two;
  one.parts = two.parts = {&part, 1};
  ASSERT_TRUE(driver.submit(one));
  ASSERT_TRUE(driver.submit(two));
  driver.settle();
  EXPECT_FALSE(one.is_settled());
  driver.give_up();
  EXPECT_EQ(model.status, 0);
  EXPECT_EQ(one.state, State::failed);
  EXPECT_EQ(two.state, State::failed);
  EXPECT_EQ(run(Kind::read, 0, {&part, 1}), State::failed);
  driver.give_up();
  driver.settle();
}

TEST_F(VirtioBlockTest, GivesUpADeviceThatLies) {
  is_prompt = false;
  begin();
  std::byte bytes[512];
  BlockRequest::Part part{bytes, 512};
  BlockRequest request;
  request.parts = {&part, 1};
  ASSERT_TRUE(driver.submit(request));
  model.queues[0].give_back(17, 1);
  driver.settle();
  EXPECT_EQ(request.state, State::failed);
  EXPECT_EQ(model.status, 0);
}

}  // namespace
}  // namespace halcyon::hal
