// A reproducible generator (xoshiro256**, Blackman and Vigna 2018, seeded by splitmix64): for deterministic runs, not for secrets.
#pragma once

#include <bit>
#include <cstdint>

namespace halcyon::hal {

class Random {
 public:
  explicit Random(uint64_t seed = 0) {
    for (uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15;
      uint64_t mixed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
      word = mixed ^ (mixed >> 31);
    }
  }

  uint64_t next() {
    uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  // Below `bound`, which is not 0. The bias of the remainder does not matter here.
  uint64_t below(uint64_t bound) { return next() % bound; }

 private:
  uint64_t state_[4];
};

}  // namespace halcyon::hal
