// The heap: where objects lie, and that each has its room for itself.
#include "core/mm/frames/heap.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <vector>

#include "tests/unit/fs/memory.h"

namespace halcyon {
namespace {

bool is_aligned(const void* object, size_t alignment) { return std::bit_cast<uintptr_t>(object) % alignment == 0; }

TEST(Heap, AlignsAsAsked) {
  test::MemoryCpu cpu;
  for (size_t alignment = 1; alignment <= page_size; alignment *= 2)
    for (size_t size : {1, 24, 64, 65, 100, 700, 1984, 1985, 5000}) {
      void* object = cpu.heap().allocate(size, alignment);
      ASSERT_NE(object, nullptr);
      EXPECT_TRUE(is_aligned(object, alignment)) << size << " bytes at " << alignment;
      cpu.heap().deallocate(object);
    }
}

TEST(Heap, LargerObjectsShareNoCacheLine) {
  test::MemoryCpu cpu;
  std::vector<std::byte*> objects;
  for (int round = 0; round < 100; ++round) objects.push_back(static_cast<std::byte*>(cpu.heap().allocate(100, 8)));
  for (std::byte* object : objects) EXPECT_TRUE(is_aligned(object, 64));
  for (std::byte* object : objects) cpu.heap().deallocate(object);
}

TEST(Heap, ObjectsDoNotOverlap) {
  test::MemoryCpu cpu;
  struct Object {
    std::byte* start;
    size_t size;
    std::byte mark;
  };
  std::vector<Object> objects;
  for (size_t size = 1; size < 2200; size += 7) {
    auto* start = static_cast<std::byte*>(cpu.heap().allocate(size, 8));
    auto mark = static_cast<std::byte>(size);
    std::memset(start, static_cast<int>(size & 0xff), size);
    objects.push_back({start, size, mark});
  }
  for (const Object& object : objects) {
    for (size_t at = 0; at < object.size; ++at) ASSERT_EQ(object.start[at], object.mark);
    cpu.heap().deallocate(object.start);
  }
  EXPECT_EQ(cpu.heap().live_objects(), 0u);
}

}  // namespace
}  // namespace halcyon
