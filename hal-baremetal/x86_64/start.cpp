// From boot.S to boot(): reads what the loader passes, builds the kernel's tables, the devices and the machine. Whatever is missing here
// ends in a panic that says what.
#include "core/base/assert.h"
#include "core/base/types.h"
#include "hal-baremetal/common/boot_info.h"
#include "hal-baremetal/common/boot_memory.h"
#include "hal-baremetal/common/early_console.h"
#include "hal-baremetal/common/stacks.h"
#include "hal-baremetal/firmware/loader_info.h"
#include "hal-baremetal/x86_64/instructions.h"
#include "hal-baremetal/x86_64/layout.h"
#include "hal-baremetal/x86_64/machine.h"
#include "hal-baremetal/x86_64/registers.h"

extern "C" {
extern char image_start[], image_end[], emergency_stack_end[];
extern void (*init_array_start[])();
extern void (*init_array_end[])();
extern uint64_t __stack_chk_guard;
constinit halcyon::hal::x86_64::CpuTables boot_cpu_tables{};
}

namespace halcyon::hal {

using namespace x86_64;

namespace {

[[noreturn]] void fail(std::string_view why) { panic(why.data(), "start", 0); }

uint64_t image_address(const char* symbol) { return reinterpret_cast<uint64_t>(symbol) - image_offset; }

// What of memory boot.S has mapped, in the direct map.
class LowMemory final : public PhysicalMemory {
 public:
  std::span<const std::byte> at(uint64_t address, size_t size) const override {
    if (address >= low_map_size || size > low_map_size - address) return {};
    return {reinterpret_cast<const std::byte*>(direct_map_start + address), size};
  }
};

class Start {
 public:
  X86Machine& make_machine(uint32_t magic, uint64_t info_address);
  BootInfo info() const { return {.command_line = loader_.command_line, .initramfs = loader_.initramfs}; }

 private:
  void make_serial();
  void read_loader_info(uint32_t magic, uint64_t info_address);
  void find_memory();
  void measure_time();
  void seed(X86Machine& machine);

  LowMemory low_memory_;
  LoaderInfo loader_;
  MemoryMap memory_map_;
  X86Parts parts_;
};

void Start::make_serial() {
  constexpr uint16_t first_serial = 0x3f8;
  auto& serial = make_for_boot<Ns16550>(make_for_boot<PortRegisters>(first_serial), 0);
  if (!serial.initialize()) fail("the first serial line does not answer");
  parts_.serial = &serial;
  set_early_console(make_for_boot<SerialWriter>(serial));
}

void Start::read_loader_info(uint32_t magic, uint64_t info_address) {
  auto read = magic == multiboot_magic ? read_multiboot : read_pvh;
  if (auto complaint = read(low_memory_, info_address, &loader_, &memory_map_); !complaint.empty()) fail(complaint);
}

void Start::find_memory() {
  // Firmware uses of the first pages what it likes, and another CPU's first instructions need a place below 1 MiB.
  constexpr uint64_t low_pages = 64 << 10;
  memory_map_.reserve(0, low_pages);
  memory_map_.reserve(image_address(image_start), image_address(image_end) - image_address(image_start));
  for (const auto& range : memory_map_.ram())
    if (!parts_.tables.map_direct(range.start, range.size)) fail("there is RAM beyond the direct map");
  if (!parts_.tables.map_direct(loader_.initramfs.start, loader_.initramfs.size)) fail("the initramfs lies beyond the direct map");
}

void Start::measure_time() {
  if (!parts_.apic.initialize(parts_.tables)) fail("the CPU has no local APIC");
  IntervalTimer timer;
  timer.start();
  if (!parts_.clock.measure(timer, parts_.apic)) fail("there is no timer to measure the CPU's clock by");
}

// What little an observer does not know of the time.
void Start::seed(X86Machine& machine) {
  uint64_t times[] = {read_tsc(), static_cast<uint64_t>(parts_.realtime_offset)};
  machine.seed_random(std::as_bytes(std::span(times)));
}

X86Machine& Start::make_machine(uint32_t magic, uint64_t info_address) {
  make_serial();
  read_loader_info(magic, info_address);
  parts_.tables.build();
  find_memory();
  measure_time();

  auto& machine = make_for_boot<X86Machine>(parts_);
  machine.add_cpu(parts_.apic.id(), boot_cpu_tables);
  auto memory = memory_map_.memory();
  constexpr uint64_t least_memory = 1 << 20;
  if (memory.size < least_memory) fail("there is no memory");
  machine.set_memory(memory);
  set_stack_area(stack_area_start, stack_area_size, memory.size >> 22);
  seed(machine);
  return machine;
}

}  // namespace

extern "C" [[noreturn, gnu::no_stack_protector]] void x86_start(uint32_t magic, uint64_t info_address) {
  load_descriptors(boot_cpu_tables, reinterpret_cast<uint64_t>(emergency_stack_end));
  for (auto constructor = init_array_start; constructor < init_array_end; ++constructor) (*constructor)();
  auto& start = make_for_boot<Start>();
  X86Machine& machine = start.make_machine(magic, info_address);
  the_machine = &machine;
  auto& cpu = static_cast<X86Cpu&>(machine.bare_cpu(0));
  cpu.take_cpu();
  cpu.set_online();
  uint64_t guard;
  machine.random(std::as_writable_bytes(std::span(&guard, 1)));
  __stack_chk_guard = guard;
  enable_interrupts();
  boot(machine, start.info());
}

}  // namespace halcyon::hal
