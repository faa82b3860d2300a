#include "hal/fake/context.h"

#include <algorithm>
#include <cstring>

#include "core/base/assert.h"
#include "hal/fake/cpu.h"
#include "hal/fake/fiber.h"
#include "hal/fake/machine.h"
#include "hal/isa/x86_64/floating_point.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

constexpr uint64_t initial_flags = 0x202;
constexpr uint64_t user_flags = 0x250dd5;  // ID AC RF NT OF DF TF SF ZF AF PF CF

// Where things lie in the floating-point images of the two ISAs, and which bits must be clear there.
constexpr size_t x87_control_at = 0, mxcsr_at = 24, fcsr_at = 256;
constexpr uint32_t mxcsr_reserved = ~0xffffu, fcsr_reserved = ~0xffu;

constexpr unsigned x86_arguments[] = {7, 6, 2, 10, 8, 9};  // rdi rsi rdx r10 r8 r9
constexpr unsigned rax = 0, rcx = 1, rsp = 4, r11 = 11;
constexpr unsigned x_sp = 2, x_tp = 4, x_a0 = 10, x_a7 = 17;

unsigned x86_index(Reg reg) {
  switch (reg) {
    case Reg::sp: return rsp;
    case Reg::number:
    case Reg::result: return rax;
    default: return x86_arguments[static_cast<unsigned>(reg) - static_cast<unsigned>(Reg::arg0)];
  }
}

unsigned riscv_index(Reg reg) {
  switch (reg) {
    case Reg::sp: return x_sp;
    case Reg::number: return x_a7;
    case Reg::result: return x_a0;
    case Reg::tls: return x_tp;
    default: return x_a0 + static_cast<unsigned>(reg) - static_cast<unsigned>(Reg::arg0);
  }
}

}  // namespace

FakeContext::FakeContext(FakeMachine& machine) : machine_(machine) { set_initial(); }

FakeContext::~FakeContext() {
  detach();
  kill_fibers();
}

void FakeContext::check_holder() const {
  if (holder_ && holder_ != &this_cpu()) panic("registers that another CPU holds: a put_back is missing", __FILE__, __LINE__);
}

void FakeContext::detach() {
  if (holder_) holder_->put_back(*this);
}

void FakeContext::kill_fibers() {
  while (!fibers_.empty()) machine_.kill(*fibers_.back());
}

uint64_t* FakeContext::slot(Reg reg) {
  bool is_x86 = machine_.isa() == Isa::x86_64;
  if (reg >= Reg::general0) {
    unsigned index = static_cast<unsigned>(reg) - static_cast<unsigned>(Reg::general0);
    return index < (is_x86 ? 16u : 32u) && (is_x86 || index != 0) ? &general_[index] : nullptr;
  }
  switch (reg) {
    case Reg::pc: return &pc_;
    case Reg::gs_base: return is_x86 ? &gs_base_ : nullptr;
    case Reg::flags: return is_x86 ? &flags_ : nullptr;
    case Reg::tls:
      if (is_x86) return &tls_;
      break;
    default: break;
  }
  return &general_[is_x86 ? x86_index(reg) : riscv_index(reg)];
}

uint64_t FakeContext::get(Reg reg) {
  check_holder();
  uint64_t* place = slot(reg);
  return place ? *place : 0;
}

void FakeContext::set(Reg reg, uint64_t value) {
  check_holder();
  uint64_t* place = slot(reg);
  if (!place) return;
  *place = reg == Reg::flags ? (*place & ~user_flags) | (value & user_flags) : value;
}

void FakeContext::finish_syscall(uint64_t result) {
  set(Reg::result, result);
  if (machine_.isa() != Isa::x86_64) return;
  general_[rcx] = pc_;
  general_[r11] = flags_;
}

void FakeContext::rewind_trap() {
  check_holder();
  pc_ = machine_.rewound(pc_);
}

void FakeContext::copy_from(UserContext& other) {
  auto& parent = static_cast<FakeContext&>(other);
  parent.detach();
  detach();
  kill_fibers();
  pc_ = parent.child_ ? std::exchange(parent.child_, 0) : parent.pc_;
  tls_ = parent.tls_;
  gs_base_ = parent.gs_base_;
  flags_ = parent.flags_;
  forbids_time_stamps_ = parent.forbids_time_stamps_;
  general_ = parent.general_;
  floating_point_ = parent.floating_point_;
}

void FakeContext::reset() {
  detach();
  kill_fibers();
  set_initial();
}

void FakeContext::set_initial() {
  pc_ = tls_ = gs_base_ = child_ = 0;
  general_.fill(0);
  flags_ = machine_.isa() == Isa::x86_64 ? initial_flags : 0;
  reset_floating_point();
}

void FakeContext::reset_floating_point() {
  floating_point_.fill(std::byte{0});
  if (machine_.isa() != Isa::x86_64) return;
  std::memcpy(&floating_point_[x87_control_at], &x86_64::initial_x87_control, sizeof x86_64::initial_x87_control);
  std::memcpy(&floating_point_[mxcsr_at], &x86_64::initial_mxcsr, sizeof x86_64::initial_mxcsr);
}

size_t FakeContext::floating_point_size() const { return machine_.isa() == Isa::x86_64 ? 512 : 264; }

void FakeContext::save_floating_point(std::span<std::byte> image) {
  check_holder();
  std::ranges::copy(floating_point(), image.begin());
}

bool FakeContext::load_floating_point(std::span<const std::byte> image) {
  check_holder();
  bool is_x86 = machine_.isa() == Isa::x86_64;
  uint32_t control;
  std::memcpy(&control, &image[is_x86 ? mxcsr_at : fcsr_at], sizeof control);
  if (control & (is_x86 ? mxcsr_reserved : fcsr_reserved)) return false;
  std::ranges::copy(image.first(floating_point_size()), floating_point_.begin());
  return true;
}

}  // namespace halcyon::hal
