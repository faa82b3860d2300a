// A user thread's registers on a bare x86_64 machine. The integer registers are in memory whenever the kernel runs; the floating-point ones
// and the bases of fs and gs stay in the CPU until somebody else needs it or asks for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hal-baremetal/x86_64/cpu/floating_point.h"
#include "hal/trap.h"

namespace halcyon::hal {

class X86Cpu;

// What a trap saves, of user code or of the kernel, from the lowest address upwards (trap.S). The CPU itself stores rip to ss, and for some
// vectors the error code. 16-byte aligned at its end, as the CPU aligns.
struct alignas(16) TrapFrame {
  enum Slot : uint8_t { r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, vector, error, rip, cs, flags, rsp, ss };
  // The vector of a system call whose pc and flags have not changed since: only then SYSRET leads back.
  static constexpr uint64_t system_call = 256, no_trap = 257;

  std::array<uint64_t, 22> words;

  uint64_t& operator[](Slot slot) { return words[slot]; }
  uint64_t operator[](Slot slot) const { return words[slot]; }
};
static_assert(sizeof(TrapFrame) == 176);

class X86Context final : public UserContext {
 public:
  X86Context() { reset(); }
  ~X86Context() override;
  X86Context(const X86Context&) = delete;
  X86Context& operator=(const X86Context&) = delete;

  uint64_t get(Reg reg) override;
  void set(Reg reg, uint64_t value) override;
  void finish_syscall(uint64_t result) override;
  void rewind_trap() override;
  void copy_from(UserContext& parent) override;
  void reset() override;
  size_t floating_point_size() const override { return x86_64::floating_point_size(); }
  void save_floating_point(std::span<std::byte> image) override;
  bool load_floating_point(std::span<const std::byte> image) override;
  void reset_floating_point() override;
  void forbid_time_stamps(bool forbidden) override;

 private:
  friend class X86Cpu;

  static TrapFrame::Slot slot_of(Reg reg);
  // Brings what the CPU may hold up to date in memory, or makes memory the only place where it is.
  void put_back();
  void detach();
  bool is_held() const;
  void take_from_memory();

  TrapFrame frame_{};
  uint64_t fs_base_ = 0, gs_base_ = 0;
  bool uses_floating_point_ = false;  // since the program began; until then the state is the initial one
  X86Cpu* unit_ = nullptr;            // the CPU that last had this state, and may still have it
  x86_64::FloatingPoint floating_point_;
};

}  // namespace halcyon::hal
