// The translations of address spaces that do not run at the moment.
//
// Unicorn's CPU has one TLB and one table of the blocks it jumped to, and forgets both when the root changes: clearing and filling them
// again was half of a switch between processes. Here they are set aside for the root that they belong to, and put back when it runs again.
// Where they lie in Unicorn's CPU is found by experiment; if that fails they are forgotten, as before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "hal-unicorn/inside.h"
#include "hal/trap.h"

namespace halcyon::hal {

class SavedTlbs {
 public:
  static constexpr Root none = ~Root{0};
  using OfCpu = void(CpuState*);

  explicit SavedTlbs() = default;
  SavedTlbs(const SavedTlbs&) = delete;
  SavedTlbs& operator=(const SavedTlbs&) = delete;
  ~SavedTlbs();

  // Unicorn's two functions: one makes an empty TLB, whatever was there, the other empties the TLB and the table of blocks. `registers`
  // lies behind both in the same object as `cpu`.
  void find(CpuState* cpu, CpuRegisters* registers, OfCpu* make, OfCpu* flush);

  // Sets aside what belongs to `from` (none: what is there is out of date) and puts in its place what belongs to `to`, or nothing.
  void change(Root from, Root to);
  void forget(Root root);
  void forget_all();
  // All blocks are gone.
  void forget_blocks();

 private:
  struct Jump {
    uint32_t index;
    uintptr_t block;
  };
  struct Saved {
    Root root = none;
    std::unique_ptr<std::byte[]> tlb;  // it owns what the bytes point to
    std::vector<Jump> jumps;
    uint64_t used = 0;
  };

  bool can_save() const { return tlb_size_ != 0; }
  std::byte* at(size_t offset) const { return reinterpret_cast<std::byte*>(cpu_) + offset; }
  std::unique_ptr<std::byte[]> make_tlb();
  Saved* slot_for(Root root);
  void take_jumps(std::vector<Jump>& jumps);
  void put_jumps(const std::vector<Jump>& jumps);

  CpuState* cpu_ = nullptr;
  OfCpu* make_ = nullptr;
  OfCpu* flush_ = nullptr;
  std::vector<std::byte> model_;  // a CPU as far as make_ and flush_ look at it
  size_t tlb_ = 0, tlb_size_ = 0;
  size_t jumps_ = 0, jump_count_ = 0;
  std::array<Saved, 8> saved_;
  std::vector<Jump> taken_;
  uint64_t changes_ = 0;
};

}  // namespace halcyon::hal
