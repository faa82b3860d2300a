// RandomGenerator: unpredictable bytes from a seed, by ChaCha20 with fast key erasure: each request makes a key stream, whose first part
// becomes the next key, so that what was handed out cannot be computed from what is in memory later.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "hal-baremetal/common/lock.h"

namespace halcyon::hal {

using ChaChaKey = std::array<uint32_t, 8>;
// One block of the key stream (RFC 8439, 2.3) with a 64-bit block counter and a 64-bit nonce.
std::array<uint32_t, 16> chacha_block(const ChaChaKey& key, uint64_t counter, uint64_t nonce);

class RandomGenerator {
 public:
  // Mixes in bytes that an observer does not know, from whatever source.
  void add_entropy(std::span<const std::byte> bytes);
  void fill(std::span<std::byte> bytes);

 private:
  void renew(std::array<uint32_t, 16>& block);

  HalLock lock_;
  ChaChaKey key_{};        // under lock_
  uint64_t requests_ = 0;  // under lock_
};

}  // namespace halcyon::hal
