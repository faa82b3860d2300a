// The driver's side of a queue against a device that keeps the rules, and against one that does not.
#include "hal-baremetal/drivers/virtio/virtqueue.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/unit/baremetal/virtio/model.h"

namespace halcyon::hal {
namespace {

class VirtqueueTest : public testing::Test {
 protected:
  void begin(uint16_t size) {
    ASSERT_TRUE(queue.initialize(memory, size));
    device = {.limit = size, .size = size, .is_ready = true};
    device.descriptors = queue.place().descriptors;
    device.available = queue.place().available;
    device.used = queue.place().used;
  }
  std::optional<uint16_t> offer(size_t parts, uint32_t size = 16) {
    std::vector<Virtqueue::Part> all(parts, {reinterpret_cast<uint64_t>(bytes), size, true});
    return queue.offer(all);
  }

  HostDmaMemory memory;
  Virtqueue queue;
  VirtioModel::Queue device;
  std::byte bytes[4096];
};

TEST_F(VirtqueueTest, HandsBuffersToTheDeviceAndBack) {
  begin(8);
  Virtqueue::Part parts[] = {{1000, 16, false}, {2000, 512, true}, {3000, 1, true}};
  auto chain = queue.offer(parts);
  ASSERT_TRUE(chain);
  EXPECT_EQ(queue.free_entries(), 5u);
  EXPECT_FALSE(queue.take());
  uint16_t head;
  auto buffers = device.take(&head);
  EXPECT_EQ(head, *chain);
  ASSERT_EQ(buffers.size(), 3u);
  EXPECT_EQ(reinterpret_cast<uint64_t>(buffers[1].bytes), 2000u);
  EXPECT_EQ(buffers[1].size, 512u);
  EXPECT_FALSE(buffers[0].is_for_device_to_write);
  EXPECT_TRUE(buffers[2].is_for_device_to_write);
  device.give_back(head, 513);
  auto finished = queue.take();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->chain, *chain);
  EXPECT_EQ(finished->written, 513u);
  EXPECT_FALSE(queue.take());
  EXPECT_EQ(queue.free_entries(), 8u);
  EXPECT_FALSE(queue.is_broken());
}

TEST_F(VirtqueueTest, TakesNoMoreThanItHasRoomFor) {
  begin(4);
  EXPECT_FALSE(offer(0));
  EXPECT_FALSE(offer(5));
  EXPECT_TRUE(offer(3));
  EXPECT_FALSE(offer(2));
  EXPECT_TRUE(offer(1));
  EXPECT_FALSE(offer(1));
}

// In any order, through many turns of the 16-bit counters' lower bits.
TEST_F(VirtqueueTest, KeepsAccountOverManyTurns) {
  std::mt19937 random(1);
  for (uint16_t size : std::initializer_list<uint16_t>{1, 2, 16, 64}) {
    queue = Virtqueue();
    begin(size);
    std::set<uint16_t> ours;
    std::vector<uint16_t> with_device;
    for (int step = 0; step < 200'000; ++step) {
      if (random() % 2 == 0) {
        if (auto chain = offer(1 + random() % 3)) EXPECT_TRUE(ours.insert(*chain).second);
      } else {
        while (device.has_news()) {
          with_device.emplace_back();
          device.take(&with_device.back());
        }
        if (with_device.empty()) continue;
        std::swap(with_device[random() % with_device.size()], with_device.back());
        device.give_back(with_device.back(), 7);
        with_device.pop_back();
        auto finished = queue.take();
        ASSERT_TRUE(finished);
        ASSERT_EQ(ours.erase(finished->chain), 1u);
      }
    }
    EXPECT_FALSE(queue.is_broken());
  }
}

TEST_F(VirtqueueTest, RingsTheDeviceOnlyIfItWants) {
  begin(4);
  EXPECT_TRUE(queue.wants_notification());
  device.used_flags() = 1;
  EXPECT_FALSE(queue.wants_notification());
}

TEST_F(VirtqueueTest, FailsWithoutMemory) {
  memory.left = 100;
  EXPECT_FALSE(queue.initialize(memory, 64));
}

struct Lie {
  const char* name;
  std::function<void(VirtioModel::Queue&)> tell;
};

class LyingDevice : public VirtqueueTest, public testing::WithParamInterface<Lie> {};

TEST_P(LyingDevice, BreaksTheQueueAndNothingElse) {
  begin(8);
  auto chain = offer(2);
  ASSERT_EQ(chain, 0);
  GetParam().tell(device);
  EXPECT_FALSE(queue.take());
  EXPECT_TRUE(queue.is_broken());
  // For good.
  EXPECT_FALSE(queue.take());
  EXPECT_FALSE(offer(1));
}

INSTANTIATE_TEST_SUITE_P(Virtqueue, LyingDevice,
                         testing::Values(Lie{"NumberBeyondTheTable", [](auto& device) { device.give_back(8, 0); }},
                                         Lie{"HugeNumber", [](auto& device) { device.give_back(~0u, 0); }},
                                         Lie{"ChainThatWasNotOffered", [](auto& device) { device.give_back(2, 0); }},
                                         Lie{"MiddleOfAChain", [](auto& device) { device.give_back(1, 0); }},
                                         Lie{"MoreWrittenThanThereIsRoom", [](auto& device) { device.give_back(0, 33); }},
                                         Lie{"CounterJumpsAhead", [](auto& device) { device.used_number() = 2; }},
                                         Lie{"CounterJumpsFar", [](auto& device) { device.used_number() = 0x8000; }},
                                         Lie{"CounterGoesBack", [](auto& device) { device.used_number() = 0xffff; }}),
                         [](const auto& lie) { return lie.param.name; });

TEST_F(VirtqueueTest, ChainCannotComeBackTwice) {
  begin(8);
  ASSERT_TRUE(offer(1));
  ASSERT_TRUE(offer(1));
  device.give_back(0, 0);
  device.give_back(0, 0);
  EXPECT_TRUE(queue.take());
  EXPECT_FALSE(queue.take());
  EXPECT_TRUE(queue.is_broken());
}

// The table is the device's to read, but nothing stops it.
TEST_F(VirtqueueTest, ScribblingOverTheTableLeadsNowhere) {
  begin(8);
  ASSERT_TRUE(offer(3));
  std::memset(reinterpret_cast<void*>(device.descriptors), 0xff, 8 * 16);
  device.give_back(0, 0);
  EXPECT_TRUE(queue.take());
  EXPECT_EQ(queue.free_entries(), 8u);
  ASSERT_TRUE(offer(8));
}

}  // namespace
}  // namespace halcyon::hal
