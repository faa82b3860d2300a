// Kernel stacks: slots of equal size in a part of the kernel's half that nothing else uses. The upper half of a slot is the stack, the
// lower half is never mapped: whoever grows out of a stack faults, and because slots are aligned the trap entry sees it by one bit of the
// stack pointer. The stacks that CPUs start on lie in the image, or in slots, and are aligned in the same way.
//
// Freed stacks are kept for the next thread; when too many are, half of them are unmapped at once, at the price of one shoot-down.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halcyon::hal {

inline constexpr size_t stack_size = 16 << 10;
inline constexpr size_t stack_slot_size = 2 * stack_size;

// Gives the slots their place, which takes whole slots. `most_kept` freed stacks are kept. Once, before the first allocate_stack().
void set_stack_area(uint64_t start, uint64_t size, size_t most_kept);

// The lowest and the first byte above the stack that `address` lies in.
constexpr uint64_t stack_bottom(uint64_t address) { return (address & ~(uint64_t{stack_slot_size} - 1)) + stack_size; }
constexpr uint64_t stack_end(uint64_t address) { return (address & ~(uint64_t{stack_slot_size} - 1)) + stack_slot_size; }

}  // namespace halcyon::hal
