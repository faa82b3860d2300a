#include "hal-baremetal/firmware/memory_map.h"

#include <gtest/gtest.h>

namespace halcyon::hal {

bool operator==(const Machine::MemoryRange& a, const Machine::MemoryRange& b) { return a.start == b.start && a.size == b.size; }
void PrintTo(const Machine::MemoryRange& range, std::ostream* out) { *out << std::hex << range.start << "+" << range.size; }

namespace {

using Range = Machine::MemoryRange;
constexpr uint64_t mib = 1 << 20;

std::vector<Range> holes(const Machine::Memory& memory) { return {memory.holes.begin(), memory.holes.end()}; }

TEST(MemoryMap, IsOneRangeWithHoles) {
  MemoryMap map;
  map.add_ram(0x8000'0000, 128 * mib);
  map.reserve(0x8000'0000, 4 * mib);
  map.reserve(0x8400'0010, mib);
  map.reserve(0x87f0'0000, 4 * mib);
  auto memory = map.memory();
  EXPECT_EQ(memory.start, 0x8040'0000u);
  EXPECT_EQ(memory.start + memory.size, 0x87f0'0000u);
  EXPECT_EQ(holes(memory), (std::vector<Range>{{0x8400'0000, mib + 0x1000}}));
  EXPECT_FALSE(memory.is_zeroed);
  EXPECT_EQ(map.lowest(), 0x8000'0000u);
  EXPECT_EQ(map.highest(), 0x8800'0000u);
}

TEST(MemoryMap, JoinsWhatTouchesOrOverlaps) {
  MemoryMap map;
  map.add_ram(8 * mib, 8 * mib);
  map.add_ram(0, 4 * mib);
  map.add_ram(4 * mib, 2 * mib);
  map.add_ram(7 * mib, 3 * mib);
  auto memory = map.memory();
  EXPECT_EQ(memory.start, 0u);
  EXPECT_EQ(memory.size, 16 * mib);
  EXPECT_EQ(holes(memory), (std::vector<Range>{{6 * mib, mib}}));
}

TEST(MemoryMap, CountsWholePagesOnly) {
  MemoryMap map;
  map.add_ram(0x1234, 0x10000);
  map.reserve(0x5fff, 2);
  auto memory = map.memory();
  EXPECT_EQ(memory.start, 0x2000u);
  EXPECT_EQ(memory.start + memory.size, 0x11000u);
  EXPECT_EQ(holes(memory), (std::vector<Range>{{0x5000, 0x2000}}));
}

TEST(MemoryMap, GivesUpAFirstPieceThatIsTooShortForTheMetadata) {
  MemoryMap map;
  map.add_ram(0, 640 << 10);
  map.add_ram(mib, 1023 * mib);
  auto memory = map.memory();
  EXPECT_EQ(memory.start, mib);
  EXPECT_EQ(memory.size, 1023 * mib);
  EXPECT_TRUE(memory.holes.empty());
}

TEST(MemoryMap, TakesNonsense) {
  MemoryMap map;
  EXPECT_EQ(map.memory().size, 0u);
  map.add_ram(~uint64_t{0} - 100, 1000);
  map.add_ram(5000, 10);
  map.add_ram(0, 0);
  map.reserve(~uint64_t{0}, ~uint64_t{0});
  EXPECT_EQ(map.memory().size, 0u);
  map.add_ram(mib, ~uint64_t{0});
  map.reserve(2 * mib, ~uint64_t{0});
  EXPECT_EQ(map.memory().size, mib);
  map.reserve(0, 4 * mib);
  EXPECT_EQ(map.memory().size, 0u);
}

TEST(MemoryMap, LosesRangesThatExceedItsTable) {
  MemoryMap map;
  map.add_ram(0, 1024 * mib);
  for (uint64_t index = 1; index < 200; ++index) map.reserve(index * 4 * mib, mib);
  auto memory = map.memory();
  EXPECT_LE(memory.holes.size(), 63u);
  for (uint64_t index = 1; index < 200; ++index) {
    bool is_inside = index * 4 * mib < memory.start + memory.size, is_hole = false;
    for (const Range& hole : memory.holes) is_hole |= hole.start <= index * 4 * mib && index * 4 * mib < hole.start + hole.size;
    EXPECT_TRUE(!is_inside || is_hole) << index;
  }
}

}  // namespace
}  // namespace halcyon::hal
