#include "hal-baremetal/x86_64/cpu/context.h"

#include "hal-baremetal/x86_64/cpu/cpu.h"
#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal-baremetal/x86_64/layout.h"

namespace halcyon::hal {

using namespace x86_64;

X86Context::~X86Context() { detach(); }

TrapFrame::Slot X86Context::slot_of(Reg reg) {
  using enum TrapFrame::Slot;
  // As instructions encode them.
  static constexpr TrapFrame::Slot general_slots[16] = {rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15};
  if (reg >= Reg::general0) return general_slots[(static_cast<unsigned>(reg) - static_cast<unsigned>(Reg::general0)) % 16];
  switch (reg) {
    case Reg::pc: return rip;
    case Reg::sp: return rsp;
    case Reg::arg0: return rdi;
    case Reg::arg1: return rsi;
    case Reg::arg2: return rdx;
    case Reg::arg3: return r10;
    case Reg::arg4: return r8;
    case Reg::arg5: return r9;
    case Reg::flags: return flags;
    default: return rax;  // number, result
  }
}

uint64_t X86Context::get(Reg reg) {
  if (reg == Reg::tls || reg == Reg::gs_base) {
    put_back();
    return reg == Reg::tls ? fs_base_ : gs_base_;
  }
  return frame_[slot_of(reg)];
}

void X86Context::set(Reg reg, uint64_t value) {
  if (reg == Reg::tls || reg == Reg::gs_base) {
    put_back();
    detach();
    (reg == Reg::tls ? fs_base_ : gs_base_) = value;
    return;
  }
  TrapFrame::Slot slot = slot_of(reg);
  if (slot == TrapFrame::flags) value = (frame_[slot] & ~flag::user) | (value & flag::user);
  frame_[slot] = value;
  // SYSRET takes pc and flags from rcx and r11.
  using enum TrapFrame::Slot;
  if (slot == rip || slot == flags || slot == rcx || slot == r11) frame_[vector] = TrapFrame::no_trap;
}

// Where pc and flags are unchanged, SYSRET does the rest.
void X86Context::finish_syscall(uint64_t result) {
  using enum TrapFrame::Slot;
  frame_[rax] = result;
  if (frame_[vector] == TrapFrame::system_call) return;
  frame_[rcx] = frame_[rip];
  frame_[r11] = frame_[flags];
}

void X86Context::rewind_trap() {
  constexpr uint64_t syscall_size = 2;
  frame_[TrapFrame::rip] -= syscall_size;
  frame_[TrapFrame::vector] = TrapFrame::no_trap;
}

void X86Context::put_back() {
  if (unit_) unit_->put_back(*this);
}

bool X86Context::is_held() const { return unit_ && unit_->holds(*this); }

void X86Context::detach() {
  if (unit_) unit_->forget(*this);
}

void X86Context::copy_from(UserContext& other) {
  auto& parent = static_cast<X86Context&>(other);
  parent.put_back();
  detach();
  frame_ = parent.frame_;
  fs_base_ = parent.fs_base_;
  gs_base_ = parent.gs_base_;
  forbids_time_stamps_ = parent.forbids_time_stamps_;
  floating_point_ = parent.floating_point_;
  uses_floating_point_ = parent.uses_floating_point_;
}

void X86Context::reset() {
  detach();
  frame_ = {};
  frame_[TrapFrame::vector] = TrapFrame::no_trap;
  frame_[TrapFrame::cs] = user_code;
  frame_[TrapFrame::ss] = user_data;
  frame_[TrapFrame::flags] = flag::always | flag::interrupts;
  fs_base_ = gs_base_ = 0;
  uses_floating_point_ = false;
  floating_point_ = {};
}

// The CPU hears of it with everything else that is this context's.
void X86Context::forbid_time_stamps(bool forbidden) {
  put_back();
  detach();
  forbids_time_stamps_ = forbidden;
}

void X86Context::save_floating_point(std::span<std::byte> image) {
  if (is_held() && unit_->save_unit(*this, image)) return;
  save_image(floating_point_, image);
}

bool X86Context::load_floating_point(std::span<const std::byte> image) {
  bool is_good = load_image(&floating_point_, image);
  uses_floating_point_ = true;
  take_from_memory();
  return is_good;
}

void X86Context::reset_floating_point() {
  if (!uses_floating_point_) return;
  if (is_held()) return unit_->load_initial_unit();
  floating_point_ = {};
  detach();
}

// The CPU that has everything else of the context gets this part anew; another one's copy is worth nothing.
void X86Context::take_from_memory() {
  if (is_held()) unit_->load_unit(*this);
  else detach();
}

}  // namespace halcyon::hal
