// The fuzzer of system calls: whatever a program calls, with whatever arguments, the kernel lives on, everybody can be ended and nothing is
// left. A run is made by its seed: kernels on the fake machine with one to four CPUs, and in each several programs, with children and
// threads of their own, whose calls and arguments are random (tests/fuzz/grammar.h), and who get signals at random times.
#pragma once

#include "tests/support/world.h"

namespace halcyon::test::fuzz {

struct Run {
  hal::Isa isa = hal::Isa::x86_64;
  uint64_t seed = 1;
  uint64_t calls = 1000;   // at least so many
  bool is_traced = false;  // tells each call on standard error, before it is made
};

// Returns how many calls were made. What is wrong ends the process (a panic, a sanitizer's report) or is a GoogleTest failure (something is
// left behind).
uint64_t run(const Run& run);

}  // namespace halcyon::test::fuzz
