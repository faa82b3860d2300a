#include "hal/fake/fiber.h"

#include <cxxabi.h>

#include <cstring>
#include <exception>
#include <utility>

#include "hal/fake/context.h"
#include "hal/fake/user.h"

namespace halcyon::hal {

bool Fiber::start(FakeContext& owner, Program program, Ending ending) {
  stack_ = allocate_stack();
  if (!stack_.base) return false;
  prepare_stack(stack_, main, this);
  owner_ = &owner;
  owner.own(*this);
  program_ = std::move(program);
  ending_ = ending;
  in_flight_ = {};
  is_in_syscall_ = is_rewound_ = is_killed_ = false;
  return true;
}

void Fiber::swap_in_flight() {
  void* current = abi::__cxa_get_globals();
  InFlight old;
  std::memcpy(&old, current, sizeof old);
  std::memcpy(current, &in_flight_, sizeof old);
  in_flight_ = old;
}

void Fiber::enter() {
  KernelStack here;
  back_ = &here;
  swap_in_flight();
  switch_stack(here, stack_);
  swap_in_flight();
  if (!has_ended()) return;
  ++generation_;
  free_stack(stack_);
}

Fiber::Outcome Fiber::resume(FakeCpu& cpu, bool rewound) {
  ++generation_;
  cpu_ = &cpu;
  is_rewound_ = rewound;
  enter();
  return outcome_;
}

void Fiber::kill() {
  is_killed_ = true;
  enter();
}

bool Fiber::may_act() {
  if (!is_killed_) return true;
  if (std::uncaught_exceptions() > 0) return false;
  throw Killed{};
}

bool Fiber::trap(const Trap& trap) {
  trap_ = trap;
  outcome_ = Outcome::trapped;
  is_in_syscall_ = trap.kind == Trap::Kind::syscall;
  switch_stack(stack_, *back_);
  if (is_killed_) throw Killed{};
  return std::exchange(is_rewound_, false);
}

void Fiber::run_program() {
  User user(*this);
  if (is_killed_) return;
  std::exchange(program_, nullptr)(user);
  if (ending_ == Ending::ret) user.ret();
  user.exit(0);
}

void Fiber::main(void* argument) {
  Fiber& fiber = *static_cast<Fiber*>(argument);
  try {
    fiber.run_program();
  } catch (const Killed&) {
  } catch (const Jump& jump) {
    fiber.owner_->set_pc(jump.address);
    fiber.outcome_ = Outcome::jumped;
  }
  fiber.program_ = nullptr;
  std::exchange(fiber.owner_, nullptr)->disown(fiber);
  leave_stack(fiber.stack_, *fiber.back_);
}

}  // namespace halcyon::hal
