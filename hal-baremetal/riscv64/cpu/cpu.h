// One hart: running user code, its timer, its interrupts, and who has its floating-point unit.
#pragma once

#include <cstdint>

#include "hal-baremetal/common/machine.h"
#include "hal-baremetal/riscv64/cpu/context.h"

namespace halcyon::hal {

class RiscvMachine;

// What a trap in kernel mode saves on the stack (trap.S).
struct TrapFrame {
  std::array<uint64_t, 32> registers;  // x1..x31; the place of x0 holds pc
  uint64_t status;
  uint64_t cause;
  uint64_t value;
  uint64_t unused;
};
static_assert(sizeof(TrapFrame) == 288);

class RiscvCpu final : public BareCpu {
 public:
  RiscvCpu(RiscvMachine& machine, unsigned id, uint64_t hart) : BareCpu(id), machine_(machine), hart_(hart) {}

  Trap run(UserContext& context, Root root) override;
  void put_back(UserContext& context) override;
  void flush_local(uint64_t address) override;
  void set_deadline(int64_t time) override;
  void carry_out(const CrossCall& call) override;

  uint64_t hart() const { return hart_; }
  // Makes the hart that calls it ready to be this CPU: tp, trap entry, interrupt sources. Interrupts stay masked.
  void take_hart();
  // By the trap entries, with interrupts masked.
  void handle_interrupt(uint64_t cause);
  // The context changes or goes: the unit's copy of its state is worth nothing.
  void forget_floating_point(RiscvContext& context);

 private:
  void send_interrupt() override;
  void load_root(Root root);
  bool prepare_run(Root root);
  Trap decode(uint64_t cause) const;
  void give_unit(RiscvContext& context);
  void load_unit(RiscvContext& context);
  void program_timer(uint64_t ticks);
  void timer_fired();

  static constexpr uint64_t no_time = ~uint64_t{0};

  RiscvMachine& machine_;
  uint64_t hart_;
  // Of this CPU only, with interrupts masked, from here on.
  RiscvContext* unit_owner_ = nullptr;  // whose floating-point state the unit has; counts only if that context says so too
  uint64_t deadline_ = no_time;         // in ticks: for the core
  uint64_t programmed_ = no_time;       // when the timer will fire: at the deadline or, harmlessly, earlier
  uint64_t code_seen_ = 0;              // RiscvMachine::code_generation() of the last flush of fetched instructions
  bool was_starved_ = false;            // the last run() came back before user code ran
};

}  // namespace halcyon::hal
