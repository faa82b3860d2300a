// Fiber: where a program function runs: a stack of its own, left at every trap and entered again by Cpu::run.
//
// A suspended fiber belongs to the context whose pc names it. The token that names it holds a generation, which every resumption changes,
// so that a pc works once. Killing a suspended fiber throws through its program, so that what the program's C++ objects hold is released;
// the exception ends at the fiber's first frame and never meets the kernel's. The C++ runtime's record of exceptions in flight is swapped
// with the stack, because a fiber may be suspended inside a catch block or a destructor.
#pragma once

#include <cstdint>

#include "hal/fake/program.h"
#include "hal/port.h"
#include "hal/trap.h"

namespace halcyon::hal {

class FakeContext;
class FakeCpu;
class FakeMachine;

class Fiber {
 public:
  Fiber(FakeMachine& machine, uint32_t id) : machine_(machine), id_(id) {}
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  uint32_t id() const { return id_; }
  uint32_t generation() const { return generation_; }
  FakeContext* owner() const { return owner_; }
  bool is_in_syscall() const { return is_in_syscall_; }
  FakeMachine& machine() const { return machine_; }

  // --- from outside
  // Makes the next resume() call program(user). False when memory is short.
  bool start(FakeContext& owner, Program program, Ending ending);
  enum class Outcome : uint8_t { trapped, jumped };
  // Runs until the program traps (Fiber::trap then says why), or has given its context another pc and ended. `rewound`: the system call
  // that it is in is to be repeated.
  Outcome resume(FakeCpu& cpu, bool rewound);
  const Trap& last_trap() const { return trap_; }
  bool has_ended() const { return owner_ == nullptr; }
  void kill();

  // --- from the program
  FakeCpu& cpu() { return *cpu_; }
  FakeContext& context() { return *owner_; }
  // False while a killed program's destructors run: nothing happens any more.
  bool may_act();
  // Suspends. Returns true if a system call is to be repeated.
  bool trap(const Trap& trap);
  struct Jump {  // thrown to leave the program for another pc
    uint64_t address;
  };

 private:
  struct Killed {};
  struct InFlight {  // __cxa_eh_globals of the Itanium C++ ABI
    void* caught = nullptr;
    unsigned uncaught = 0;
  };

  static void main(void* fiber);
  void run_program();
  void enter();
  void swap_in_flight();

  FakeMachine& machine_;
  uint32_t id_;
  uint32_t generation_ = 0;
  FakeContext* owner_ = nullptr;  // null: not in use
  FakeCpu* cpu_ = nullptr;
  Program program_;
  Ending ending_ = Ending::exit;
  KernelStack stack_;
  KernelStack* back_ = nullptr;  // who entered
  InFlight in_flight_;
  Trap trap_{};
  Outcome outcome_ = Outcome::trapped;
  bool is_in_syscall_ = false;
  bool is_rewound_ = false;
  bool is_killed_ = false;
};

}  // namespace halcyon::hal
