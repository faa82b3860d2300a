// What the CPU looks up by itself: segments, the task state with its stacks, the vectors of interrupts; and beside them, found by gs, what
// the trap entries need (trap.S knows the offsets).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace halcyon::hal {

class Cpu;
struct TrapFrame;

namespace x86_64 {

// Intel SDM vol. 3A, 8.7.
struct [[gnu::packed]] TaskState {
  uint32_t reserved0;
  uint64_t sp[3];  // of privilege levels
  uint64_t reserved1;
  uint64_t emergency_sp;  // the interrupt stack table: only the first is used
  uint64_t more_sp[6];
  uint64_t reserved2;
  uint16_t reserved3;
  uint16_t io_map;
};
static_assert(sizeof(TaskState) == 104);

// A CPU's own, on cache lines of its own.
struct alignas(64) CpuTables {
  Cpu* cpu;            // this_cpu()
  uint64_t kernel_sp;  // while user code runs
  TrapFrame* frame;    // of the user code that runs
  uint64_t user_sp;    // scratch
  TaskState task;      // task.sp[0]: the end of frame
  std::array<uint64_t, 10> segments;
};
static_assert(offsetof(CpuTables, kernel_sp) == 8 && offsetof(CpuTables, frame) == 16 && offsetof(CpuTables, user_sp) == 24);
static_assert(offsetof(CpuTables, task) + offsetof(TaskState, sp) == 36);

// Makes the CPU that calls use `tables`, and the vectors, which are the same for all. NMI, double fault and machine check run on the stack
// that ends at `emergency_sp`. Interrupts stay masked.
void load_descriptors(CpuTables& tables, uint64_t emergency_sp);

// What user code sees as the number of the CPU that uses `tables`.
void set_cpu_number(CpuTables& tables, unsigned id);

}  // namespace x86_64
}  // namespace halcyon::hal
