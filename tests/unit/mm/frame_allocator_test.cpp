// The frame allocator over memory with holes.
#include "core/mm/frames/frame_allocator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

#include "core/task/schedule/per_cpu.h"
#include "hal/hosted/this_cpu.h"

namespace halcyon {
namespace {

// Locks look at their CPU when their ranks are checked.
class TestCpu final : public hal::Cpu {
 public:
  explicit TestCpu(unsigned id = 0) : Cpu(id), previous_(hal::set_this_cpu(this)) { per_cpu = &data_; }
  ~TestCpu() override { hal::set_this_cpu(previous_); }
  hal::Trap run(hal::UserContext&, hal::Root) override { return {.kind = hal::Trap::Kind::interrupted}; }
  void put_back(hal::UserContext&) override {}
  void flush_local(uint64_t) override {}
  void set_deadline(int64_t) override {}
  void kick() override {}

 private:
  PerCpu data_;
  hal::Cpu* previous_;
};

constexpr uint64_t ram_pages = 4096;

class FrameAllocatorTest : public testing::Test {
 protected:
  // RAM full of rubbish, from address 0 on.
  FrameAllocatorTest() : ram_(ram_pages * page_size, std::byte{0xa5}) {}
  FrameAllocator make(std::span<const hal::Machine::MemoryRange> holes) {
    return {nullptr, ram_.data(), {.start = 0, .size = ram_pages * page_size, .holes = holes, .is_zeroed = false}};
  }

  // Takes every page, one by one.
  std::set<PhysAddr> drain(FrameAllocator& frames) {
    std::set<PhysAddr> taken;
    while (auto block = frames.allocate(0)) {
      EXPECT_TRUE(taken.insert(block->address).second);
      EXPECT_FALSE(block->is_zero);
      std::memset(frames.data(block->address), 0x5a, page_size);
    }
    return taken;
  }

  TestCpu cpu_;
  std::vector<std::byte> ram_;
};

bool overlaps(const std::set<PhysAddr>& taken, const hal::Machine::MemoryRange& hole) {
  for (PhysAddr address : taken)
    if (address >= hole.start && address < hole.start + hole.size) return true;
  return false;
}

TEST_F(FrameAllocatorTest, HandsOutEverythingButHoles) {
  const hal::Machine::MemoryRange holes[] = {{1000 * page_size, 17 * page_size}, {3000 * page_size, page_size}};
  FrameAllocator frames = make(holes);
  uint64_t free = frames.free_pages();
  EXPECT_EQ(frames.total_pages(), ram_pages - 18);
  EXPECT_EQ(free, frames.total_pages() - ram_pages * sizeof(Frame) / page_size);
  auto taken = drain(frames);
  EXPECT_EQ(taken.size(), free);
  EXPECT_EQ(frames.free_pages(), 0u);
  for (const auto& hole : holes) EXPECT_FALSE(overlaps(taken, hole));
  for (PhysAddr address : taken) frames.free(address, 0);
  EXPECT_EQ(frames.free_pages(), free);
  // Everything has merged again as far as holes allow.
  EXPECT_TRUE(frames.allocate(FrameAllocator::max_order));
}

TEST_F(FrameAllocatorTest, LargeBlocksJumpOverHoles) {
  const hal::Machine::MemoryRange holes[] = {{100 * page_size, 10 * page_size}};
  FrameAllocator frames = make(holes);
  auto large = frames.allocate(8);
  ASSERT_TRUE(large);
  EXPECT_EQ(large->address, 256 * page_size);
  // What was jumped over is not lost.
  auto taken = drain(frames);
  EXPECT_FALSE(overlaps(taken, holes[0]));
  EXPECT_TRUE(taken.contains(99 * page_size));
  EXPECT_TRUE(taken.contains(110 * page_size));
  EXPECT_EQ(frames.free_pages(), 0u);
}

TEST_F(FrameAllocatorTest, TakesOverWhatWasAHole) {
  const hal::Machine::MemoryRange holes[] = {{500 * page_size, 3 * page_size}, {1000 * page_size, 99 * page_size}};
  FrameAllocator frames = make(holes);
  uint64_t free = frames.free_pages();
  ASSERT_TRUE(frames.allocate(0));
  frames.add(1010 * page_size, 50 * page_size);
  EXPECT_EQ(frames.free_pages(), free - 1 + 50);
  EXPECT_EQ(frames.total_pages(), ram_pages - 102 + 50);
  auto taken = drain(frames);
  EXPECT_EQ(taken.size(), free - 1 + 50);
  EXPECT_TRUE(taken.contains(1010 * page_size));
  EXPECT_TRUE(taken.contains(1059 * page_size));
  EXPECT_FALSE(overlaps(taken, {1000 * page_size, 10 * page_size}));
  EXPECT_FALSE(overlaps(taken, {1060 * page_size, 39 * page_size}));
  EXPECT_FALSE(overlaps(taken, holes[0]));
}

TEST_F(FrameAllocatorTest, KnowsFreshPagesOfZeroedMemory) {
  std::fill(ram_.begin(), ram_.end(), std::byte{0});
  FrameAllocator frames(nullptr, ram_.data(), {.start = 0, .size = ram_pages * page_size});
  auto block = frames.allocate(0);
  ASSERT_TRUE(block);
  EXPECT_TRUE(block->is_zero);
  frames.free(block->address, 0);
  auto again = frames.allocate(0);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->is_zero);
}

TEST_F(FrameAllocatorTest, GivesEachCpuFramesThatShareNoMetadataLine) {
  FrameAllocator frames = make({});
  std::set<PhysAddr> lines[2];
  for (int page = 0; page < 100; ++page)
    for (unsigned id = 0; id < 2; ++id) {
      TestCpu cpu(id);
      auto block = frames.allocate(0);
      ASSERT_TRUE(block);
      lines[id].insert(block->address / page_size * sizeof(Frame) / 64);
    }
  for (PhysAddr line : lines[0]) EXPECT_FALSE(lines[1].contains(line));
}

TEST_F(FrameAllocatorTest, AnotherCpusCacheIsFreeMemory) {
  FrameAllocator frames = make({});
  uint64_t free = frames.free_pages();
  std::vector<PhysAddr> taken;
  for (int page = 0; page < 50; ++page) {
    auto block = frames.allocate(0);
    ASSERT_TRUE(block);
    taken.push_back(block->address);
  }
  EXPECT_EQ(frames.free_pages(), free - 50);
  TestCpu other(1);
  for (PhysAddr address : taken) frames.free(address, 0);
  EXPECT_EQ(frames.free_pages(), free);
}

TEST_F(FrameAllocatorTest, ALargeBlockIsMadeOfWhatTheCacheKept) {
  FrameAllocator frames = make({});
  std::set<PhysAddr> taken = drain(frames);
  // Two neighbours, in memory that is not short once enough is free.
  uint64_t needed = frames.total_pages() / 16 + 1;
  auto next = taken.begin();
  for (uint64_t page = 0; page < 2 * needed; page += 2) {
    frames.free(*next, 0);
    std::advance(next, 2);
  }
  EXPECT_FALSE(frames.allocate(1));
  ASSERT_FALSE(frames.is_short());
  frames.free(*taken.begin() + page_size, 0);
  EXPECT_TRUE(frames.allocate(1));
}

}  // namespace
}  // namespace halcyon
