// The port for a bare x86_64 machine. gs leads to the CPU's CpuTables, whose first word is this_cpu().
#include "hal/port.h"

#include <cstring>

#include "hal-baremetal/common/boot/early_console.h"
#include "hal-baremetal/common/machine.h"
#include "hal-baremetal/common/stacks.h"
#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal-baremetal/x86_64/power.h"

extern "C" {
void x86_switch_stack(void** save_sp, void* new_sp);
void x86_stack_trampoline();
}

namespace halcyon::hal {
namespace {

// What x86_switch_stack leaves on a parked stack.
struct ParkedFrame {
  uint64_t r15, r14, r13, r12, rbx, rbp;
  uint64_t return_address;
};
static_assert(sizeof(ParkedFrame) == 56);

// Before the serial line's driver: bytes for the first serial line, if there is one.
class PortWriter final : public Writer {
 public:
  void write(std::string_view text) override {
    constexpr uint16_t data = 0x3f8, line_status = 0x3fd;
    constexpr uint8_t holding_empty = 0x20;
    constexpr unsigned send_patience = 100'000;
    for (char byte : text) {
      for (unsigned tries = 0; !(x86_64::in8(line_status) & holding_empty) && tries < send_patience; ++tries) spin_pause();
      x86_64::out8(data, static_cast<uint8_t>(byte));
    }
  }
};

constinit PortWriter first_console;
constinit Writer* console = &first_console;

Cpu* read_cpu() {
  Cpu* cpu;
  __asm__ volatile("mov %%gs:0, %0" : "=r"(cpu));
  return cpu;
}

}  // namespace

Cpu& this_cpu() { return *read_cpu(); }

BareCpu* this_bare_cpu() { return static_cast<BareCpu*>(read_cpu()); }

void prepare_stack(KernelStack& stack, void (*entry)(void*), void* argument) {
  // The trampoline begins with an aligned sp. Above it two words stay zero: what a frame pointer of the trampoline would lead to.
  auto* frame = reinterpret_cast<ParkedFrame*>(stack.base + stack.size - 16 - sizeof(ParkedFrame));
  std::memset(static_cast<void*>(frame), 0, sizeof *frame + 16);
  frame->return_address = reinterpret_cast<uint64_t>(&x86_stack_trampoline);
  frame->rbx = reinterpret_cast<uint64_t>(argument);
  frame->r12 = reinterpret_cast<uint64_t>(entry);
  stack.sp = frame;
}

void switch_stack(KernelStack& from, KernelStack& to) { x86_switch_stack(&from.sp, to.sp); }

void leave_stack(KernelStack& from, KernelStack& to) {
  x86_switch_stack(&from.sp, to.sp);
  __builtin_unreachable();
}

void spin_pause() { __asm__ volatile("pause" : : : "memory"); }

void idle() {
  BareCpu& cpu = *this_bare_cpu();
  x86_64::disable_interrupts();
  while (!cpu.has_pending()) {
    x86_64::enable_and_halt();
    x86_64::disable_interrupts();
  }
  x86_64::enable_interrupts();
}

Writer& early_console() { return *console; }
void set_early_console(Writer& writer) {
  console = &writer;
  writer.write(first_line);
}

void halt() {
  x86_64::disable_interrupts();
  if (the_machine) the_machine->power_off(true);
  x86_64::leave_emulator(true);
  for (;;) x86_64::halt_cpu();
}

}  // namespace halcyon::hal
