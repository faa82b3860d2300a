#include "hal-baremetal/x86_64/machine.h"

#include <cstring>
#include <new>

#include "core/base/assert.h"
#include "hal-baremetal/common/boot_memory.h"
#include "hal-baremetal/x86_64/instructions.h"

namespace halcyon::hal {

using namespace x86_64;

void X86Machine::add_cpu(uint32_t apic, CpuTables& tables) {
  if (cpu_count() < max_cpus) BareMachine::add_cpu(make_for_boot<X86Cpu>(*this, cpu_count(), apic, tables));
}

int64_t X86Machine::monotonic_time() { return parts_.clock.to_time(read_tsc()); }

std::unique_ptr<UserContext> X86Machine::new_context() { return std::unique_ptr<UserContext>(new (std::nothrow) X86Context); }

void X86Machine::start_cpu(unsigned, void (*)(void*), void*) { panic("another CPU cannot be started", __FILE__, __LINE__); }

void X86Machine::dispatch_device_interrupt(unsigned input) {
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
