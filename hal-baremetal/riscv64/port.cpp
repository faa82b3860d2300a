// The port for a bare riscv64 machine. tp holds this_cpu(); a switch of stacks leaves it alone.
#include "hal/port.h"

#include <cstring>

#include "hal-baremetal/common/boot/early_console.h"
#include "hal-baremetal/common/machine.h"
#include "hal-baremetal/common/stacks.h"
#include "hal-baremetal/riscv64/cpu/csr.h"
#include "hal-baremetal/riscv64/cpu/sbi.h"

extern "C" {
void riscv_switch_stack(void** save_sp, void* new_sp);
void riscv_stack_trampoline();
}

namespace halcyon::hal {
namespace {

// What riscv_switch_stack leaves on a parked stack.
struct ParkedFrame {
  uint64_t ra;
  uint64_t s[12];
  uint64_t unused;
};
static_assert(sizeof(ParkedFrame) == 112);

constinit sbi::ConsoleWriter firmware_console;
constinit Writer* console = &firmware_console;

Cpu* read_tp() {
  Cpu* cpu;
  __asm__ volatile("mv %0, tp" : "=r"(cpu));
  return cpu;
}

}  // namespace

Cpu& this_cpu() { return *read_tp(); }

BareCpu* this_bare_cpu() { return static_cast<BareCpu*>(read_tp()); }

void prepare_stack(KernelStack& stack, void (*entry)(void*), void* argument) {
  // Above the frame two words stay zero: what a frame pointer of the trampoline would lead to.
  auto* frame = reinterpret_cast<ParkedFrame*>(stack.base + stack.size - 16 - sizeof(ParkedFrame));
  std::memset(static_cast<void*>(frame), 0, sizeof *frame + 16);
  frame->ra = reinterpret_cast<uint64_t>(&riscv_stack_trampoline);
  frame->s[1] = reinterpret_cast<uint64_t>(argument);
  frame->s[2] = reinterpret_cast<uint64_t>(entry);
  stack.sp = frame;
}

void switch_stack(KernelStack& from, KernelStack& to) { riscv_switch_stack(&from.sp, to.sp); }

void leave_stack(KernelStack& from, KernelStack& to) {
  riscv_switch_stack(&from.sp, to.sp);
  __builtin_unreachable();
}

// The pause hint (Zihintpause); harts without it take it for a fence that orders nothing.
void spin_pause() { __asm__ volatile(".insn i 0x0f, 0, x0, x0, 0x010" : : : "memory"); }

// wfi ends when an interrupt is pending, masked or not: none can slip in between the look and the halt.
void idle() {
  BareCpu& cpu = *this_bare_cpu();
  riscv64::disable_interrupts();
  while (!cpu.has_pending()) {
    riscv64::wait_for_interrupt();
    riscv64::enable_interrupts();
    riscv64::disable_interrupts();
  }
  riscv64::enable_interrupts();
}

Writer& early_console() { return *console; }
void set_early_console(Writer& writer) {
  console = &writer;
  writer.write(first_line);
}

void halt() {
  riscv64::disable_interrupts();
  if (the_machine) the_machine->power_off(true);
  sbi::reset(sbi::Reset::shut_down, true);
  for (;;) riscv64::wait_for_interrupt();
}

}  // namespace halcyon::hal
