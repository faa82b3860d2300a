// What a panic prints: the message, registers if a trap caused it, who ran, and the stack by return addresses, which `./dev boot` turns
// into names. Then the machine stops with a failing status.
#pragma once

#include <cstdint>

#include "core/base/print.h"

namespace halcyon::hal {

struct TrapFrame;  // the ISA's: the registers that a trap in kernel mode saved

// A trap in kernel mode that must not happen. `program_counter` and `frame_pointer`: where it happened.
[[noreturn]] void panic_at_trap(std::string_view what, const TrapFrame& frame, uint64_t program_counter, uint64_t frame_pointer);

// Says who runs on this CPU; whoever composes the kernel sets it. Must not lock or allocate.
extern constinit void (*describe_current)(Writer& out);

// --- by the ISA
void print_registers(Writer& out, const TrapFrame& frame);
// The two words of a stack frame that a frame pointer leads to.
struct FrameLink {
  uint64_t previous;
  uint64_t return_address;
};
uint64_t frame_link_address(uint64_t frame_pointer);
FrameLink read_frame_link(uint64_t address);

}  // namespace halcyon::hal
