// FakeCpu: one simulated CPU: which program it runs, and how a user address becomes a place in RAM.
//
// It walks the real page tables, and remembers what it found until somebody says that it has changed: a cache tagged by root that is
// emptied only by shoot_down, forget_root and flush_local. A core that forgets one of these lets a program see an old page.
#pragma once

#include <array>

#include "hal/hosted/cpus.h"

namespace halcyon::hal {

class FakeContext;
class FakeMachine;

class FakeCpu final : public HostedCpu {
 public:
  FakeCpu(FakeMachine& machine, unsigned id);

  void put_back(UserContext& context) override;
  void flush_local(uint64_t address) override { forget(root_, address, address + 1); }

  // --- for the machine
  void raise_event() { raise(pending::event); }
  void forget(Root root, uint64_t start, uint64_t end);
  void forget_root(Root root);

  // --- for programs
  // Takes up to `blocks` from the slice and returns how many; 0 if it is over.
  uint64_t spend(uint64_t blocks) {
    uint64_t taken = blocks < left_ ? blocks : left_;
    left_ -= taken;
    return taken;
  }
  // Where `address` of the running program lies in RAM, or null and why not.
  std::byte* translate(uint64_t address, Access access, Trap* fault);

 protected:
  Trap run_slice(UserContext& context, Root root, uint64_t& blocks) override;

 private:
  struct Cached {
    Root root = no_root;
    uint64_t page = 0;
    uint64_t entry = 0;
  };
  static constexpr Root no_root = ~Root{0};
  static constexpr size_t cache_size = 256;

  Trap run_user(FakeContext& context);
  bool run_code(FakeContext& context, Trap* trap);
  Cached& cached(Root root, uint64_t address);
  template <class Format>
  std::byte* translate_as(uint64_t address, Access access, Trap* fault);
  enum class Walk : uint8_t { permitted, forbidden, absent };
  template <class Format>
  Walk walk(uint64_t address, Access access, Cached& to);

  FakeMachine& machine_;
  FakeContext* held_ = nullptr;  // whose registers a real CPU would still have
  Root root_ = no_root;
  uint64_t left_ = 0;  // of the slice
  std::array<Cached, cache_size> cache_;
};

}  // namespace halcyon::hal
