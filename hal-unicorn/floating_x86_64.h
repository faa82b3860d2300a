// Floating point of x86_64 as a real CPU has it, where Unicorn's differs.
//
// Vector arithmetic (SSE). Unicorn's leaves the exception flags in a byte of its own, which MXCSR does not show, and never traps. Here the
// byte is added to MXCSR whenever something is about to read MXCSR or to set it. Traps cost two calls around each instruction, so they are
// only looked for once a program has unmasked one: the engine then forgets all code and translates it with these calls.
//
// x87. Unicorn computes logarithms, sines and remainders with 53 bits. Here the host's x87 does it, with all 64 (on another host, nobody).
#pragma once

#include <cstddef>
#include <cstdint>

#include "hal-unicorn/inside.h"

namespace halcyon::hal {

// Where CPUX86State has what Unicorn's interface leaves out; found by experiment when the machine starts, and the same for all engines.
struct FloatingLayout {
  size_t mxcsr = 0;
  size_t flags = 0;        // of the vector arithmetic that MXCSR does not show yet
  size_t vectors = 0;      // XMM0
  size_t vector_size = 0;  // from one to the next
  size_t x87_top = 0;      // the number of ST(0), followed by status, control, tags
  size_t x87_registers = 0;
};
inline constinit FloatingLayout floating_layout;

// Translates a call of `function`, with what must stand around it.
using EmitCall = void(Translator*, void (*function)(), Temporary* result, int count, Temporary** arguments);
void emit_floating_call(EmitCall emit, Translator* translator, void (*function)(), Temporary* result, int count, Temporary** arguments);
// An instruction reads MXCSR: translates what brings it up to date. `registers` is the argument that says where it is.
void emit_before_reading_mxcsr(EmitCall emit, Translator* translator, Temporary* registers);

constexpr uint32_t unmasked(uint32_t mxcsr) { return ~mxcsr >> 7 & 0x3f; }

}  // namespace halcyon::hal
