#include "hal-baremetal/x86_64/machine.h"

#include <cstring>
#include <new>

#include "core/base/assert.h"
#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal/port.h"
#include "hal/vdso_clock.h"

// What a CPU that begins finds (start_other.S).
extern "C" {
extern char trampoline[], trampoline_end[];
constinit uint64_t cpu_start_sp = 0;
constinit halcyon::hal::x86_64::CpuTables* cpu_start_tables = nullptr;
}

namespace halcyon::hal {

using namespace x86_64;

namespace {

struct CpuStart {
  X86Cpu* cpu;
  uint64_t emergency_sp;
  void (*entry)(void*);
  void* argument;
};
constinit CpuStart cpu_start{};

constexpr int64_t microsecond = 1000, millisecond = 1'000'000, second = 1'000'000'000;

uint64_t allocate_stack_end() {
  KernelStack stack = allocate_stack();
  if (!stack.base) panic("no memory for a CPU's stacks", __FILE__, __LINE__);
  return reinterpret_cast<uint64_t>(stack.base) + stack.size;
}

}  // namespace

void X86Machine::add_cpu(uint32_t apic, CpuTables& tables) {
  if (cpu_count() < max_cpus) BareMachine::add_cpu(make_for_boot<X86Cpu>(*this, cpu_count(), apic, tables));
}

int64_t X86Machine::monotonic_time() { return parts_.clock.to_time(read_tsc()); }

void X86Machine::keep_vdso_data(VdsoData* data) {
  if (!data) return;
  publish(*data, {.counter = Counter::time_stamp, .multiplier = parts_.clock.multiplier()});
  change_realtime(*data, parts_.realtime_offset);
  data->cpu_selector = cpu_number;
}

std::unique_ptr<UserContext> X86Machine::new_context() { return std::unique_ptr<UserContext>(new (std::nothrow) X86Context); }

void X86Machine::start_cpu(unsigned id, void (*entry)(void*), void* argument) {
  auto& cpu = static_cast<X86Cpu&>(bare_cpu(id));
  cpu_start_sp = allocate_stack_end();
  cpu_start_tables = &cpu.tables();
  cpu_start = {.cpu = &cpu, .emergency_sp = allocate_stack_end(), .entry = entry, .argument = argument};
  parts_.tables.prepare_start_root();
  std::memcpy(direct_map() + trampoline_address, trampoline, static_cast<size_t>(trampoline_end - trampoline));
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // CPUs of this century need no pause after INIT; one that does not come gets that of the book.
  struct {
    int64_t pause, patience;
  } constexpr attempts[] = {{10 * microsecond, second}, {10 * millisecond, 5 * second}};
  for (const auto& attempt : attempts) {
    parts_.apic.send_init(cpu.apic());
    parts_.clock.wait(attempt.pause);
    parts_.apic.send_startup(cpu.apic(), trampoline_address);
    if (wait_for(cpu, 200 * microsecond)) return;
    parts_.apic.send_startup(cpu.apic(), trampoline_address);
    if (wait_for(cpu, attempt.patience)) return;
  }
  panic("a CPU does not come", __FILE__, __LINE__);
}

bool X86Machine::wait_for(const X86Cpu& cpu, int64_t patience) {
  int64_t end = monotonic_time() + patience;
  while (!cpu.is_online() && monotonic_time() < end) spin_pause();
  return cpu.is_online();
}

extern "C" [[gnu::no_stack_protector]] void x86_other_started() {
  CpuStart start = cpu_start;
  load_descriptors(start.cpu->tables(), start.emergency_sp);
  start.cpu->take_cpu();
  start.cpu->set_online();
  enable_interrupts();
  start.entry(start.argument);
}

void X86Machine::dispatch_device_interrupt(unsigned vector) {
  if (vector >= message_vectors) return parts_.messages->dispatch(vector - message_vectors);
  unsigned input = vector - device_vectors;
  for (IoApic* io_apic : parts_.io_apics)
    if (io_apic && io_apic->dispatch(input)) return;
}

void X86Machine::describe_cpu() {
  auto& info = cpu_info_.x86_64;
  CpuidResult first = cpuid(0);
  info.highest_leaf = first.eax;
  for (uint32_t index = 0; uint32_t part : {first.ebx, first.edx, first.ecx}) std::memcpy(info.vendor.data() + 4 * index++, &part, 4);
  CpuidResult features = cpuid(1);
  info.signature = features.eax;
  info.features_edx = features.edx;
  info.features_ecx = features.ecx;
  info.cache_line = (features.ebx >> 8 & 0xff) * 8;
  if (first.eax >= 7) {
    CpuidResult structured = cpuid(7);
    info.structured_ebx = structured.ebx;
    info.structured_ecx = structured.ecx;
  }
  info.state_components = floating_point_components();
  constexpr uint32_t extended = 0x8000'0000;
  uint32_t highest = cpuid(extended).eax;
  CpuidResult more = cpuid(extended + 1);
  info.extended_edx = more.edx;
  info.extended_ecx = more.ecx;
  if (highest >= extended + 4) {
    for (uint32_t leaf = 0; leaf < 3; ++leaf) {
      CpuidResult part = cpuid(extended + 2 + leaf);
      std::memcpy(info.model_name.data() + leaf * sizeof part, &part, sizeof part);
    }
  }
  uint32_t sizes = highest >= extended + 8 ? cpuid(extended + 8).eax : 0x3024;
  info.physical_bits = sizes & 0xff;
  info.virtual_bits = sizes >> 8 & 0xff;
}

}  // namespace halcyon::hal
