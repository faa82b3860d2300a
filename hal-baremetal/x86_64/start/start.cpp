// From boot.S to boot(): reads what the loader passes, builds the kernel's tables, the devices and the machine. Whatever is missing here
// ends in a panic that says what.
#include "core/base/assert.h"
#include "core/base/types.h"
#include "hal-baremetal/common/boot/boot_info.h"
#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/common/boot/early_console.h"
#include "hal-baremetal/common/stacks.h"
#include "hal-baremetal/common/virtio.h"
#include "hal-baremetal/drivers/cmos_clock.h"
#include "hal-baremetal/firmware/acpi.h"
#include "hal-baremetal/firmware/loader_info.h"
#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal-baremetal/x86_64/cpu/registers.h"
#include "hal-baremetal/x86_64/layout.h"
#include "hal-baremetal/x86_64/machine.h"

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

std::byte* in_direct_map(uint64_t address) { return reinterpret_cast<std::byte*>(direct_map_start + address); }

// What of memory boot.S has mapped, in the direct map.
class LowMemory final : public PhysicalMemory {
 public:
  std::span<const std::byte> at(uint64_t address, size_t size) const override {
    if (address >= low_map_size || size > low_map_size - address) return {};
    return {in_direct_map(address), size};
  }
};

// The screen draws its own (CRT controller's register 10, cursor start).
void hide_text_cursor() {
  constexpr uint16_t index = 0x3d4, data = 0x3d5;
  constexpr uint8_t cursor_start = 10, cursor_off = 0x20;
  out8(index, cursor_start);
  out8(data, cursor_off);
}

class Start {
 public:
  X86Machine& make_machine(uint32_t magic, uint64_t info_address);
  BootInfo info() const { return {.command_line = loader_.command_line, .initramfs = loader_.initramfs}; }

 private:
  void make_serial();
  void make_console();
  Screen* make_screen();
  void read_loader_info(uint32_t magic, uint64_t info_address);
  void find_memory();
  void find_hardware();
  void measure_time();
  void read_clock();
  void make_io_apics();
  void find_devices();
  void add_cpus(X86Machine& machine);
  void connect(unsigned legacy_input, InterruptHandler& handler);
  void seed(X86Machine& machine);

  LowMemory low_memory_;
  LoaderInfo loader_;
  MemoryMap memory_map_;
  AcpiInfo acpi_;
  X86Parts parts_;
  ScreenWriter* words_ = nullptr;
  BootDmaMemory dma_memory_{direct_map_start, image_offset};
  DeviceList devices_;
};

void Start::make_serial() {
  constexpr uint16_t first_serial = 0x3f8;
  auto& serial = make_for_boot<Ns16550>(make_for_boot<PortRegisters>(first_serial), 0);
  if (serial.initialize()) parts_.serial = &serial;
  words_ = &make_for_boot<ScreenWriter>(parts_.serial ? &make_for_boot<SerialWriter>(serial) : nullptr);
  set_early_console(*words_);
}

// Once the screen's memory can be mapped. What came before is on the serial line only.
void Start::make_console() {
  parts_.screen = make_screen();
  parts_.console = parts_.serial;
  if (!parts_.screen) {
    if (!parts_.serial) fail("there is neither a serial line nor a screen");
    return;
  }
  parts_.console = &make_for_boot<ScreenConsole>(parts_.serial, *parts_.screen);
  words_->add(*parts_.screen);
}

Screen* Start::make_screen() {
  const LoaderScreen& screen = loader_.screen;
  std::byte* memory = in_direct_map(screen.address);
  switch (screen.kind) {
    case LoaderScreen::Kind::none: return nullptr;
    // Below 1 MiB, where no memory is and nothing is cached.
    case LoaderScreen::Kind::text:
      if (screen.address + uint64_t{screen.pitch} * screen.height > low_map_size) return nullptr;
      hide_text_cursor();
      return &make_for_boot<TextModeScreen>(memory, screen.width, screen.height, screen.pitch);
    case LoaderScreen::Kind::pixels: {
      if (!parts_.tables.map_device(screen.address, uint64_t{screen.pitch} * screen.height)) return nullptr;
      PixelFormat format{(screen.bits + 7u) / 8, screen.red_shift,  screen.red_bits, screen.green_shift,
                         screen.green_bits,      screen.blue_shift, screen.blue_bits};
      return &make_for_boot<FrameBufferScreen>(memory, screen.width, screen.height, screen.pitch, format);
    }
  }
  return nullptr;
}

void Start::read_loader_info(uint32_t magic, uint64_t info_address) {
  auto read = magic == multiboot_magic ? read_multiboot : read_pvh;
  if (auto complaint = read(low_memory_, info_address, &loader_, &memory_map_); !complaint.empty()) fail(complaint);
}

void Start::find_memory() {
  // Firmware uses of the first pages what it likes.
  memory_map_.reserve(0, low_reserved);
  memory_map_.reserve(image_address(image_start), image_address(image_end) - image_address(image_start));
  for (const auto& range : memory_map_.ram())
    if (!parts_.tables.map_direct(range.start, range.size)) fail("there is RAM beyond the direct map");
  if (!parts_.tables.map_direct(loader_.initramfs.start, loader_.initramfs.size)) fail("the initramfs lies beyond the direct map");
}

void Start::find_hardware() {
  if (auto complaint = read_acpi(low_memory_, loader_.acpi_root, &acpi_); !complaint.empty()) fail(complaint);
  parts_.power.initialize(acpi_, parts_.tables);
  if (!parts_.apic.initialize(parts_.tables)) fail("the CPU has no local APIC");
}

void Start::measure_time() {
  PowerTimer power_timer(acpi_.power_timer);
  if (acpi_.power_timer != 0 && parts_.clock.measure(power_timer, parts_.apic)) return;
  IntervalTimer interval_timer;
  interval_timer.start();
  if (!parts_.clock.measure(interval_timer, parts_.apic)) fail("there is no timer to measure the CPU's clock by");
}

void Start::read_clock() {
  constexpr uint16_t clock = 0x70;
  constexpr int64_t second = 1'000'000'000;
  PortRegisters registers(clock);
  int64_t now = read_cmos_clock(registers, acpi_.century_register);
  if (now != 0) parts_.realtime_offset = now * second - parts_.clock.to_time(read_tsc());
}

// The controllers of the first PCs are there too. They get vectors of their own, in case one interrupts nevertheless, and are masked.
void Start::make_io_apics() {
  constexpr uint16_t controllers[] = {0x20, 0xa0};
  constexpr uint8_t initialize = 0x11, mode_8086 = 1, all = 0xff, cascade[] = {4, 2};
  for (unsigned index = 0; index < 2; ++index) {
    PortRegisters controller(controllers[index]);
    controller.write8(0, initialize);
    controller.write8(1, static_cast<uint8_t>(legacy_vectors + index * 8));
    controller.write8(1, cascade[index]);
    controller.write8(1, mode_8086);
    controller.write8(1, all);
  }
  for (size_t index = 0; index < acpi_.controller_count; ++index) {
    const auto& controller = acpi_.controllers[index];
    if (!parts_.tables.map_device(controller.address, page_size)) fail("an I/O APIC lies beyond the direct map");
    auto& registers = make_for_boot<MmioRegisters>(in_direct_map(controller.address));
    parts_.io_apics[index] = &make_for_boot<IoApic>(registers, controller.first_input, device_vectors, parts_.apic.id());
  }
}

void Start::connect(unsigned legacy_input, InterruptHandler& handler) {
  const auto& input = acpi_.inputs[legacy_input];
  if (input.number >= message_vectors - device_vectors) fail("the serial line's interrupt has too high a number");
  for (IoApic* io_apic : parts_.io_apics) {
    if (!io_apic || !io_apic->has(input.number)) continue;
    io_apic->configure(input.number, input.is_level, input.is_low);
    io_apic->connect(input.number, handler);
    return;
  }
  fail("no I/O APIC has the serial line's input");
}

void Start::find_devices() {
  parts_.messages = &make_for_boot<MessageVectors>();
  if (acpi_.pci.address == 0) return;
  X86Pci pci(parts_.tables, *parts_.messages, parts_.apic.id());
  add_pci_devices(pci, {acpi_.pci.address, acpi_.pci.first_bus, acpi_.pci.last_bus}, dma_memory_, devices_);
}

// The CPU that boots comes first.
void Start::add_cpus(X86Machine& machine) {
  uint32_t self = parts_.apic.id();
  machine.add_cpu(self, boot_cpu_tables);
  bool has_trampoline = false;
  for (const auto& range : memory_map_.ram())
    has_trampoline |= range.start <= trampoline_address && trampoline_address + page_size <= range.start + range.size;
  if (!has_trampoline) return;
  for (uint32_t apic : std::span(acpi_.cpus).first(acpi_.cpu_count))
    if (apic != self && parts_.apic.can_reach(apic)) machine.add_cpu(apic, make_for_boot<CpuTables>());
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
  make_console();
  find_hardware();
  measure_time();
  read_clock();
  make_io_apics();
  constexpr unsigned serial_input = 4;
  if (parts_.serial) {
    connect(serial_input, *parts_.serial);
    parts_.serial->enable_input();
  }
  find_devices();

  auto& machine = make_for_boot<X86Machine>(parts_);
  add_cpus(machine);
  auto memory = memory_map_.memory();
  constexpr uint64_t least_memory = 1 << 20;
  if (memory.size < least_memory) fail("there is no memory");
  machine.set_memory(memory);
  set_stack_area(stack_area_start, stack_area_size, memory.size >> 22);
  seed(machine);
  machine.add_devices(devices_);
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
