// A user thread's registers on a bare riscv64 machine. The integer registers are in memory whenever the kernel runs; the floating-point
// ones stay in the unit until somebody else needs it or asks for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hal/trap.h"

namespace halcyon::hal {

class RiscvCpu;

// What riscv_enter_user loads and the trap entry saves (trap.S).
struct UserFrame {
  std::array<uint64_t, 32> registers;  // x1..x31; the place of x0 holds pc
  uint64_t kernel_sp;
  uint64_t kernel_tp;
};
static_assert(offsetof(UserFrame, kernel_sp) == 256 && offsetof(UserFrame, kernel_tp) == 264);

// f0..f31, then fcsr (Linux, struct __riscv_d_ext_state).
struct FloatingPoint {
  std::array<uint64_t, 32> registers;
  uint32_t control;
  uint32_t padding;
};
static_assert(sizeof(FloatingPoint) == 264);

class RiscvContext final : public UserContext {
 public:
  RiscvContext() = default;
  ~RiscvContext() override;
  RiscvContext(const RiscvContext&) = delete;
  RiscvContext& operator=(const RiscvContext&) = delete;

  uint64_t get(Reg reg) override;
  void set(Reg reg, uint64_t value) override;
  void finish_syscall(uint64_t result) override { frame_.registers[10] = result; }
  void rewind_trap() override { frame_.registers[0] -= 4; }
  void copy_from(UserContext& parent) override;
  void reset() override;
  size_t floating_point_size() const override { return sizeof(FloatingPoint); }
  void save_floating_point(std::span<std::byte> image) override;
  bool load_floating_point(std::span<const std::byte> image) override;
  void reset_floating_point() override;

 private:
  friend class RiscvCpu;

  static int slot_of(Reg reg);
  // Brings floating_point_ up to date, if this CPU's unit has the latest state.
  void put_back_floating_point();

  UserFrame frame_{};
  bool uses_floating_point_ = false;  // since the program began; until then the state is all zero
  RiscvCpu* unit_ = nullptr;          // the CPU whose unit last had this state, and may still have it
  FloatingPoint floating_point_{};
};

}  // namespace halcyon::hal
