#include "hal-baremetal/common/random.h"

#include <gtest/gtest.h>

#include <set>

namespace halcyon::hal {
namespace {

// RFC 8439, 2.3.2: its 32-bit counter and 96-bit nonce are the last four words.
TEST(Random, ChaChaBlockIsTheStandards) {
  ChaChaKey key;
  for (uint32_t index = 0; index < 8; ++index) key[index] = 0x03020100 + index * 0x04040404;
  auto block = chacha_block(key, uint64_t{0x09000000} << 32 | 1, uint64_t{0x4a000000});
  std::array<uint32_t, 16> expected = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
                                       0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9, 0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
  EXPECT_EQ(block, expected);
}

TEST(Random, NeverGivesTheSameTwice) {
  RandomGenerator generator;
  std::set<std::array<std::byte, 16>> seen;
  for (int count = 0; count < 1000; ++count) {
    std::array<std::byte, 16> bytes;
    generator.fill(bytes);
    EXPECT_TRUE(seen.insert(bytes).second);
  }
}

TEST(Random, DependsOnEveryByteOfEntropy) {
  auto first_bytes = [](std::span<const std::byte> entropy) {
    RandomGenerator generator;
    generator.add_entropy(entropy);
    std::array<std::byte, 32> bytes;
    generator.fill(bytes);
    return bytes;
  };
  std::array<std::byte, 70> entropy{};
  auto unchanged = first_bytes(entropy);
  for (std::byte& byte : entropy) {
    byte = std::byte{1};
    EXPECT_NE(first_bytes(entropy), unchanged);
    byte = std::byte{0};
  }
  EXPECT_EQ(first_bytes(entropy), unchanged);
}

TEST(Random, FillsAnySize) {
  RandomGenerator generator;
  generator.fill({});
  std::vector<std::byte> bytes(1000);
  generator.fill(bytes);
  EXPECT_NE(std::count(bytes.begin(), bytes.end(), std::byte{0}), 1000);
  EXPECT_NE(std::count(bytes.end() - 40, bytes.end(), std::byte{0}), 40);
}

}  // namespace
}  // namespace halcyon::hal
