#include "hal-baremetal/common/random.h"

#include "core/base/lock_guard.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace halcyon::hal {
namespace {

void quarter_round(uint32_t& a, uint32_t& b, uint32_t& c, uint32_t& d) {
  a += b, d = std::rotl(d ^ a, 16);
  c += d, b = std::rotl(b ^ c, 12);
  a += b, d = std::rotl(d ^ a, 8);
  c += d, b = std::rotl(b ^ c, 7);
}

// The compiler may not leave a secret behind because nobody reads it any more.
template <class T>
void erase(T& object) {
  std::memset(static_cast<void*>(&object), 0, sizeof object);
  __asm__ volatile("" : : "r"(&object) : "memory");
}

}  // namespace

std::array<uint32_t, 16> chacha_block(const ChaChaKey& key, uint64_t counter, uint64_t nonce) {
  std::array<uint32_t, 16> start = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  std::copy(key.begin(), key.end(), start.begin() + 4);
  start[12] = static_cast<uint32_t>(counter);
  start[13] = static_cast<uint32_t>(counter >> 32);
  start[14] = static_cast<uint32_t>(nonce);
  start[15] = static_cast<uint32_t>(nonce >> 32);
  auto block = start;
  for (int round = 0; round < 20; round += 2) {
    for (size_t column = 0; column < 4; ++column) quarter_round(block[column], block[4 + column], block[8 + column], block[12 + column]);
    for (size_t column = 0; column < 4; ++column)
      quarter_round(block[column], block[4 + (column + 1) % 4], block[8 + (column + 2) % 4], block[12 + (column + 3) % 4]);
  }
  for (size_t index = 0; index < block.size(); ++index) block[index] += start[index];
  return block;
}

// Makes a block of which the first half is the next key and the second may be used.
void RandomGenerator::renew(std::array<uint32_t, 16>& block) {
  block = chacha_block(key_, requests_++, 0);
  std::copy_n(block.begin(), key_.size(), key_.begin());
}

void RandomGenerator::add_entropy(std::span<const std::byte> bytes) {
  LockGuard guard(lock_);
  std::array<uint32_t, 16> block;
  do {
    size_t count = std::min(bytes.size(), sizeof key_);
    ChaChaKey piece{};
    std::memcpy(piece.data(), bytes.data(), count);
    for (size_t index = 0; index < key_.size(); ++index) key_[index] ^= piece[index];
    renew(block);
    bytes = bytes.subspan(count);
    erase(piece);
  } while (!bytes.empty());
  erase(block);
}

void RandomGenerator::fill(std::span<std::byte> bytes) {
  ChaChaKey stream_key;
  {
    LockGuard guard(lock_);
    std::array<uint32_t, 16> block;
    renew(block);
    std::copy_n(block.begin() + 8, stream_key.size(), stream_key.begin());
    erase(block);
  }
  for (uint64_t counter = 0; !bytes.empty(); ++counter) {
    auto block = chacha_block(stream_key, counter, 1);
    size_t count = std::min(bytes.size(), sizeof block);
    std::memcpy(bytes.data(), block.data(), count);
    bytes = bytes.subspan(count);
    erase(block);
  }
  erase(stream_key);
}

}  // namespace halcyon::hal
