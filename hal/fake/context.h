// The registers of one user thread, kept as the ISA numbers them, so that registers that are one on the ISA (number and result on x86_64,
// first argument and result on riscv64) are one here. A context is always in memory; still it remembers which CPU would hold it, and stops
// the machine when the core forgets a put_back.
#pragma once

#include <array>
#include <vector>

#include "hal/trap.h"

namespace halcyon::hal {

class FakeCpu;
class FakeMachine;
class Fiber;

class FakeContext final : public UserContext {
 public:
  explicit FakeContext(FakeMachine& machine);
  ~FakeContext() override;
  FakeContext(const FakeContext&) = delete;
  FakeContext& operator=(const FakeContext&) = delete;

  uint64_t get(Reg reg) override;
  void set(Reg reg, uint64_t value) override;
  void finish_syscall(uint64_t result) override;
  void rewind_trap() override;
  void copy_from(UserContext& parent) override;
  void reset() override;
  size_t floating_point_size() const override;
  void save_floating_point(std::span<std::byte> image) override;
  bool load_floating_point(std::span<const std::byte> image) override;
  void reset_floating_point() override;

  // The machine's side: what the CPU and the program do, unchecked.
  uint64_t pc() const { return pc_; }
  void set_pc(uint64_t pc) { pc_ = pc; }
  uint64_t* slot(Reg reg);  // null for a register that the ISA does not have
  std::span<std::byte> floating_point() { return std::span(floating_point_).first(floating_point_size()); }
  // The token that the next copy_from of this context gives to the child.
  void set_child(uint64_t token) { child_ = token; }

  void own(Fiber& fiber) { fibers_.push_back(&fiber); }
  void disown(Fiber& fiber) { std::erase(fibers_, &fiber); }

 private:
  friend class FakeCpu;
  void check_holder() const;
  void detach();
  void kill_fibers();
  void set_initial();

  FakeMachine& machine_;
  FakeCpu* holder_ = nullptr;  // the CPU that ran it last, until it is put back
  uint64_t pc_ = 0, tls_ = 0, gs_base_ = 0, flags_ = 0;
  std::array<uint64_t, 32> general_{};
  alignas(16) std::array<std::byte, 512> floating_point_{};
  uint64_t child_ = 0;
  std::vector<Fiber*> fibers_;  // suspended in this context
};

}  // namespace halcyon::hal
