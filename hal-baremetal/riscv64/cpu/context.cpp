#include "hal-baremetal/riscv64/cpu/context.h"

#include <cstring>

#include "hal-baremetal/riscv64/cpu/cpu.h"

namespace halcyon::hal {
namespace {

constexpr int no_register = -1, pc_slot = 0, sp_register = 2, tp_register = 4, a0_register = 10, a7_register = 17;

}  // namespace

RiscvContext::~RiscvContext() {
  if (unit_) unit_->forget_floating_point(*this);
}

// The slot of frame_ that holds a register; no_register for what reads as 0.
int RiscvContext::slot_of(Reg reg) {
  if (reg > Reg::general0) return static_cast<int>(reg) - static_cast<int>(Reg::general0);
  switch (reg) {
    case Reg::pc: return pc_slot;
    case Reg::sp: return sp_register;
    case Reg::number: return a7_register;
    case Reg::tls: return tp_register;
    case Reg::result: return a0_register;
    case Reg::arg0:
    case Reg::arg1:
    case Reg::arg2:
    case Reg::arg3:
    case Reg::arg4:
    case Reg::arg5: return a0_register + static_cast<int>(reg) - static_cast<int>(Reg::arg0);
    default: return no_register;
  }
}

uint64_t RiscvContext::get(Reg reg) {
  int slot = slot_of(reg);
  return slot == no_register ? 0 : frame_.registers[static_cast<size_t>(slot)];
}

void RiscvContext::set(Reg reg, uint64_t value) {
  int slot = slot_of(reg);
  if (slot != no_register) frame_.registers[static_cast<size_t>(slot)] = value;
}

void RiscvContext::put_back_floating_point() {
  if (unit_) unit_->put_back(*this);
}

void RiscvContext::copy_from(UserContext& other) {
  auto& parent = static_cast<RiscvContext&>(other);
  parent.put_back_floating_point();
  if (unit_) unit_->forget_floating_point(*this);
  frame_ = parent.frame_;
  floating_point_ = parent.floating_point_;
  uses_floating_point_ = parent.uses_floating_point_;
}

void RiscvContext::reset() {
  reset_floating_point();
  frame_ = {};
}

void RiscvContext::reset_floating_point() {
  if (unit_) unit_->forget_floating_point(*this);
  floating_point_ = {};
  uses_floating_point_ = false;
}

void RiscvContext::save_floating_point(std::span<std::byte> image) {
  put_back_floating_point();
  std::memcpy(image.data(), &floating_point_, sizeof floating_point_);
}

bool RiscvContext::load_floating_point(std::span<const std::byte> image) {
  FloatingPoint state;
  std::memcpy(&state, image.data(), sizeof state);
  if (state.control & ~0xffu) return false;
  if (unit_) unit_->forget_floating_point(*this);
  floating_point_ = state;
  floating_point_.padding = 0;
  uses_floating_point_ = true;
  return true;
}

}  // namespace halcyon::hal
