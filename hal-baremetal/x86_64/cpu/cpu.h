// One CPU: running user code, its timer, its interrupts, and whose floating-point state and segment bases it holds.
#pragma once

#include <cstdint>

#include "hal-baremetal/common/machine.h"
#include "hal-baremetal/x86_64/cpu/context.h"
#include "hal-baremetal/x86_64/cpu/descriptors.h"

namespace halcyon::hal {

class X86Machine;

class X86Cpu final : public BareCpu {
 public:
  X86Cpu(X86Machine& machine, unsigned id, uint32_t apic, x86_64::CpuTables& tables)
      : BareCpu(id), machine_(machine), apic_(apic), tables_(tables) {}

  [[gnu::no_stack_protector]] Trap run(UserContext& context, Root root) override;  // keeps nothing on the stack that could overrun
  void put_back(UserContext& context) override;
  void flush_local(uint64_t address) override;
  void set_deadline(int64_t time) override;
  void carry_out(const CrossCall& call) override;

  uint32_t apic() const { return apic_; }
  x86_64::CpuTables& tables() { return tables_; }
  // Makes the CPU that calls, with its descriptors loaded, ready to be this one. Interrupts stay masked.
  void take_cpu();
  // By the trap entries, with interrupts masked.
  void handle_interrupt(unsigned vector);
  // The context changes or goes: the CPU's copy of its state is worth nothing.
  void forget(X86Context& context);
  // Whether the caller runs on this CPU, and it has what the context's memory may not have.
  bool holds(const X86Context& context) const;
  // Of a context that it holds: its floating-point state to `image`, or to the context's memory (false), from there, or made the initial
  // one.
  bool save_unit(X86Context& context, std::span<std::byte> image) const;
  void load_unit(X86Context& context);
  void load_initial_unit();

 private:
  void send_interrupt() override;
  void load_root(Root root);
  [[gnu::noinline]] bool prepare_run(X86Context& context, Root root, Trap* trap);
  [[gnu::noinline]] void find_trap(X86Context& context, Trap* trap, bool has_left_call);
  Trap decode(const TrapFrame& frame) const;
  bool owns_unit(const X86Context& context) const { return unit_owner_ == &context && context.unit_ == this; }
  void give_unit(X86Context& context);
  void turn_time_stamps(bool off);
  void turn_off_floating_point();
  void turn_on_floating_point();
  void program_timer(uint64_t ticks);
  void timer_fired();

  static constexpr uint64_t no_time = ~uint64_t{0};

  X86Machine& machine_;
  uint32_t apic_;
  x86_64::CpuTables& tables_;
  bool has_base_instructions_ = false;  // RDFSBASE and its kin, for user code too
  // Of this CPU only, with interrupts masked, from here on.
  X86Context* unit_owner_ = nullptr;    // whose state the CPU has, and whose frame the tables name; counts only if that context says so too
  bool is_floating_point_off_ = false;  // CR0.TS: its first use traps
  bool are_time_stamps_off_ = false;    // CR4.TSD
  uint64_t deadline_ = no_time;         // by the time stamp counter: for the core
  uint64_t programmed_ = no_time;       // when the timer will fire: at the deadline or, harmlessly, earlier
  bool was_starved_ = false;            // the last run() came back before user code ran
};

}  // namespace halcyon::hal
