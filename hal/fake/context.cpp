#include "hal/fake/context.h"

#include <algorithm>
#include <cstring>

#include "core/base/assert.h"
#include "hal/fake/cpu.h"
#include "hal/fake/fiber.h"
#include "hal/fake/machine.h"
#include "hal/isa/isa.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

constexpr uint64_t user_flags = 0x250dd5;  // ID AC RF NT OF DF TF SF ZF AF PF CF

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
  const FakeIsa& its = machine_.fake_isa();
  if (reg >= Reg::general0) {
    unsigned index = static_cast<unsigned>(reg) - static_cast<unsigned>(Reg::general0);
    return index < description(machine_.isa()).general_registers && !(its.reads_zero && index == 0) ? &general_[index] : nullptr;
  }
  switch (reg) {
    case Reg::pc: return &pc_;
    case Reg::sp: return &general_[its.sp];
    case Reg::number: return &general_[its.number];
    case Reg::result: return &general_[its.result];
    case Reg::tls: return its.tls ? &general_[*its.tls] : &tls_;
    case Reg::gs_base: return its.has_gs_base ? &gs_base_ : nullptr;
    case Reg::flags: return its.has_flags ? &flags_ : nullptr;
    default: return &general_[its.arguments[static_cast<unsigned>(reg) - static_cast<unsigned>(Reg::arg0)]];
  }
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
  const FakeIsa& its = machine_.fake_isa();
  if (its.pc_after_syscall) general_[*its.pc_after_syscall] = pc_;
  if (its.flags_after_syscall) general_[*its.flags_after_syscall] = flags_;
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
  flags_ = machine_.fake_isa().initial_flags;
  reset_floating_point();
}

void FakeContext::reset_floating_point() {
  floating_point_.fill(std::byte{0});
  machine_.fake_isa().reset_floating_point(floating_point_);
}

size_t FakeContext::floating_point_size() const { return machine_.fake_isa().floating_point_size; }

void FakeContext::save_floating_point(std::span<std::byte> image) {
  check_holder();
  std::ranges::copy(floating_point(), image.begin());
}

bool FakeContext::load_floating_point(std::span<const std::byte> image) {
  check_holder();
  const FakeIsa& its = machine_.fake_isa();
  uint32_t control;
  std::memcpy(&control, &image[its.control_at], sizeof control);
  if (control & its.control_reserved) return false;
  std::ranges::copy(image.first(floating_point_size()), floating_point_.begin());
  return true;
}

}  // namespace halcyon::hal
