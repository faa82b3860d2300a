#include "hal-baremetal/common/panic.h"

#include <atomic>

#include "core/base/assert.h"
#include "hal-baremetal/common/machine.h"
#include "hal-baremetal/common/stacks.h"
#include "hal/port.h"

namespace halcyon::hal {

constinit void (*describe_current)(Writer& out) = nullptr;

namespace {

constinit std::atomic<bool> is_panicking{false};

// The first CPU that comes reports; others, and a panic while it reports, only stop.
void enter_panic() {
  if (is_panicking.exchange(true)) halt();
  if (the_machine) the_machine->stop_others();
}

// Only within the stack that `frame_pointer` lies in, and only upwards: whatever it holds, nothing outside is read.
void print_backtrace(Writer& out, uint64_t program_counter, uint64_t frame_pointer) {
  constexpr int most_frames = 64;
  uint64_t low = stack_bottom(frame_pointer), high = stack_end(frame_pointer);
  for (int number = 0; number < most_frames; ++number) {
    print(out, "  #{:<2} {:#018x}\n", number, program_counter);
    uint64_t link_address = frame_link_address(frame_pointer);
    if (frame_pointer % 8 != 0 || link_address < low || link_address > high - sizeof(FrameLink)) return;
    FrameLink link = read_frame_link(link_address);
    low = link_address + 1;
    if (link.return_address == 0) return;
    // A return address may belong to the next line, or even function: the call lies before it.
    program_counter = link.return_address - 1;
    frame_pointer = link.previous;
  }
}

void print_heading(Writer& out) {
  print(out, "halcyon: panic");
  if (BareCpu* cpu = this_bare_cpu()) print(out, " on CPU {}", cpu->id());
  out.write(": ");
}

void print_who(Writer& out) {
  if (describe_current && this_bare_cpu() && this_bare_cpu()->per_cpu) describe_current(out);
}

}  // namespace

void panic_at_trap(std::string_view what, const TrapFrame& frame, uint64_t program_counter, uint64_t frame_pointer) {
  enter_panic();
  Writer& out = early_console();
  print_heading(out);
  print(out, "{}\n", what);
  print_registers(out, frame);
  print_who(out);
  print_backtrace(out, program_counter, frame_pointer);
  halt();
}

}  // namespace halcyon::hal

namespace halcyon {

void panic(const char* message, const char* file, int line) {
  using namespace hal;
  enter_panic();
  Writer& out = early_console();
  print_heading(out);
  print(out, "{}\n  at {}:{}\n", message, file, line);
  print_who(out);
  auto frame = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  print_backtrace(out, reinterpret_cast<uint64_t>(__builtin_return_address(0)) - 1, read_frame_link(frame_link_address(frame)).previous);
  halt();
}

}  // namespace halcyon
