// The local APIC of whichever CPU calls: its timer, its interrupts' ends, interrupts to other CPUs (Intel SDM vol. 3A, chapter 10). Its
// registers are memory (xAPIC), or model specific registers where firmware has chosen so (x2APIC).
#pragma once

#include <cstdint>

#include "hal-baremetal/x86_64/kernel_tables.h"

namespace halcyon::hal::x86_64 {

class LocalApic {
 public:
  // On the first CPU. False: there is none.
  bool initialize(KernelTables& tables);
  // Turns it on, for the CPU that calls.
  void start_cpu();

  uint32_t id() const;
  // Whether an interrupt can be sent there.
  bool can_reach(uint32_t apic) const { return uses_msrs_ || apic < 0xff; }
  void end_interrupt() { write(end_of_interrupt, 0); }
  void send(uint32_t apic, unsigned vector) { command(apic, vector); }
  // What starts another CPU (Intel SDM vol. 3A, 8.4.4).
  void send_init(uint32_t apic);
  void send_startup(uint32_t apic, uint64_t page);

  // The timer fires once the time stamp counter has reached `ticks`, or some time before.
  void set_timer(uint64_t ticks);
  // Lets the timer count down from its greatest value without firing, and says where it is: to measure it by.
  void start_counting();
  uint32_t ticks_counted() const { return ~read(timer_current); }
  // How fast it counts, in 2^-32 of the time stamp counter.
  void set_speed(uint64_t speed) { speed_ = speed; }
  // The timer compares with the time stamp counter itself: nothing to measure.
  bool has_tsc_deadline() const { return has_tsc_deadline_; }

 private:
  enum Register : uint32_t {
    identity = 0x20,
    task_priority = 0x80,
    end_of_interrupt = 0xb0,
    spurious = 0xf0,
    command_low = 0x300,
    command_high = 0x310,
    timer = 0x320,
    line0 = 0x350,
    line1 = 0x360,
    timer_initial = 0x380,
    timer_current = 0x390,
    timer_divide = 0x3e0,
  };
  uint32_t read(Register which) const;
  void write(Register which, uint32_t value);
  void command(uint32_t apic, uint32_t what);

  bool uses_msrs_ = false;
  volatile uint32_t* memory_ = nullptr;
  bool has_tsc_deadline_ = false;
  uint64_t speed_ = 0;
};

}  // namespace halcyon::hal::x86_64
