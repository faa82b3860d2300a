#include "hal-baremetal/x86_64/cpu/descriptors.h"

#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal-baremetal/x86_64/layout.h"

extern "C" {
extern char x86_vectors[];
void x86_system_call();
}

namespace halcyon::hal::x86_64 {
namespace {

// Intel SDM vol. 3A, 6.14.1.
struct Gate {
  uint16_t offset0;
  uint16_t selector;
  uint8_t stack;  // of the interrupt stack table; 0: the current one
  uint8_t kind;
  uint16_t offset1;
  uint32_t offset2;
  uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);
constexpr unsigned vectors = 256, vector_size = 16;
alignas(16) constinit std::array<Gate, vectors> gates{};

constexpr uint8_t interrupt_gate = 0x8e, user_interrupt_gate = 0xee;

struct [[gnu::packed]] TablePointer {
  uint16_t limit;
  uint64_t address;
};

void fill_gates() {
  for (unsigned number = 0; number < vectors; ++number) {
    uint64_t entry = reinterpret_cast<uint64_t>(x86_vectors) + number * vector_size;
    bool is_emergency = number == vector::nmi || number == vector::double_fault || number == vector::machine_check;
    gates[number] = {.offset0 = static_cast<uint16_t>(entry),
                     .selector = kernel_code,
                     .stack = is_emergency,
                     .kind = number == vector::breakpoint ? user_interrupt_gate : interrupt_gate,
                     .offset1 = static_cast<uint16_t>(entry >> 16),
                     .offset2 = static_cast<uint32_t>(entry >> 32),
                     .reserved = 0};
  }
}

void fill_segments(CpuTables& tables) {
  constexpr uint64_t kernel_code_segment = 0x00af'9b00'0000'ffff, kernel_data_segment = 0x00cf'9300'0000'ffff;
  constexpr uint64_t user_data_segment = 0x00cf'f300'0000'ffff, user_code_segment = 0x00af'fb00'0000'ffff;
  constexpr uint64_t task_segment = uint64_t{0x89} << 40 | (sizeof(TaskState) - 1);
  uint64_t task = reinterpret_cast<uint64_t>(&tables.task);
  tables.segments[kernel_code / 8] = kernel_code_segment;
  tables.segments[kernel_data / 8] = kernel_data_segment;
  tables.segments[user_data / 8] = user_data_segment;
  tables.segments[user_code / 8] = user_code_segment;
  tables.segments[task_state / 8] = task_segment | (task & 0xff'ffff) << 16 | (task >> 24 & 0xff) << 56;
  tables.segments[task_state / 8 + 1] = task >> 32;
}

// There is no local table: what the CPU begins with would be read in user memory.
void load_segments(CpuTables& tables) {
  TablePointer pointer = {sizeof tables.segments - 1, reinterpret_cast<uint64_t>(tables.segments.data())};
  __asm__ volatile(
      "lgdt %0\n"
      "pushq %1\n"
      "leaq 1f(%%rip), %%rax\n"
      "pushq %%rax\n"
      "lretq\n"
      "1:\n"
      "ltr %w2\n"
      "lldt %w3"
      :
      : "m"(pointer), "i"(kernel_code), "r"(task_state), "r"(0)
      : "rax", "memory");
}

}  // namespace

void set_cpu_number(CpuTables& tables, unsigned id) {
  constexpr uint64_t user_data_in_bytes = uint64_t{0x40f1} << 40;  // present, for privilege level 3, read only
  tables.segments[cpu_number / 8] = user_data_in_bytes | id;
}

void load_descriptors(CpuTables& tables, uint64_t emergency_sp) {
  tables.task = {};
  tables.task.emergency_sp = emergency_sp;
  tables.task.io_map = sizeof(TaskState);
  fill_segments(tables);
  load_segments(tables);
  if (gates[0].selector == 0) fill_gates();
  TablePointer pointer = {sizeof gates - 1, reinterpret_cast<uint64_t>(gates.data())};
  __asm__ volatile("lidt %0" : : "m"(pointer) : "memory");

  write_msr(msr::gs_base, reinterpret_cast<uint64_t>(&tables));
  write_msr(msr::kernel_gs_base, 0);
  write_msr(msr::star, uint64_t{user_code - 16} << 48 | uint64_t{kernel_code} << 32);
  write_msr(msr::lstar, reinterpret_cast<uint64_t>(&x86_system_call));
  write_msr(msr::flag_mask, flag::all);
}

}  // namespace halcyon::hal::x86_64
