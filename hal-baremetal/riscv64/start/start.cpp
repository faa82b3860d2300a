// From boot.S to boot(): reads the device tree, builds the kernel's tables, the devices and the machine. Whatever is missing here ends in a
// panic that says what.
#include <cstring>

#include "core/base/assert.h"
#include "core/base/types.h"
#include "hal-baremetal/common/boot/boot_info.h"
#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/common/boot/early_console.h"
#include "hal-baremetal/common/stacks.h"
#include "hal-baremetal/common/virtio.h"
#include "hal-baremetal/drivers/goldfish_rtc.h"
#include "hal-baremetal/drivers/virtio/mmio_transport.h"
#include "hal-baremetal/riscv64/cpu/csr.h"
#include "hal-baremetal/riscv64/layout.h"
#include "hal-baremetal/riscv64/machine.h"
#include "hal-baremetal/riscv64/mmio.h"
#include "hal-baremetal/riscv64/pci.h"
#include "hal-baremetal/riscv64/start/firmware.h"

extern "C" {
extern char image_start[], image_end[];
extern void (*init_array_start[])();
extern void (*init_array_end[])();
extern uint64_t __stack_chk_guard;
void riscv_trap_entry();
}

namespace halcyon::hal {

using namespace riscv64;

namespace {

[[noreturn]] void fail(const char* why) { panic(why, "start", 0); }

// A physical address below the direct map's end.
std::byte* in_direct_map(uint64_t address) { return reinterpret_cast<std::byte*>(direct_map_start + address); }

uint64_t image_address(const char* symbol) { return reinterpret_cast<uint64_t>(symbol) - image_offset; }

class Start {
 public:
  Start(uint64_t hart, uint64_t tree_address) : hart_(hart), tree_address_(tree_address), tree_(read_tree(tree_address)) {}

  RiscvMachine& make_machine();
  BootInfo info() const;

 private:
  static DeviceTree read_tree(uint64_t address);
  void find_memory();
  MmioRegisters* map_registers(const DeviceTree::Node& node);
  MmioRegisters* map_registers(std::string_view model);
  void make_serial();
  void make_plic();
  void read_clock();
  void find_virtio_devices();
  void add_virtio_device(const DeviceTree::Node& node);
  void find_pci_devices();
  void seed(RiscvMachine& machine);

  uint64_t hart_;
  uint64_t tree_address_;
  DeviceTree tree_;
  KernelTables tables_;
  Harts harts_;
  MemoryMap memory_map_;
  DeviceTree::Region initramfs_;
  RiscvParts parts_;
  uint32_t plic_handle_ = 0;
  BootDmaMemory dma_memory_{direct_map_start, image_offset};
  DeviceList devices_;
};

// boot.S has mapped the gibibyte in which the tree begins.
DeviceTree Start::read_tree(uint64_t address) {
  constexpr uint64_t gibibyte = uint64_t{1} << 30;
  if (address >= direct_map_size) fail("the device tree lies beyond the direct map");
  uint64_t room = gibibyte - address % gibibyte;
  uint32_t size = room < page_size ? 0 : DeviceTree::size_of({in_direct_map(address), 40});
  if (size == 0) fail("the firmware passes no device tree");
  if (size > room) fail("the device tree crosses a gibibyte");
  auto tree = DeviceTree::parse({in_direct_map(address), size});
  if (!tree) fail(tree.error().data());
  return *tree;
}

void Start::find_memory() {
  riscv64::find_memory(tree_, memory_map_);
  initramfs_ = find_initramfs(tree_);
  // What lies below the image is the firmware's, whether it says so or not.
  memory_map_.reserve(memory_map_.lowest(), image_address(image_end) - memory_map_.lowest());
  memory_map_.reserve(tree_address_, DeviceTree::size_of({in_direct_map(tree_address_), 40}));
  memory_map_.reserve(initramfs_.start, initramfs_.size);
  for (const auto& range : memory_map_.ram())
    if (!tables_.map_direct(range.start, range.size)) fail("there is RAM beyond the direct map");
  if (!tables_.map_direct(initramfs_.start, initramfs_.size)) fail("the initramfs lies beyond the direct map");
}

// Null if the node does not say where its registers are.
MmioRegisters* Start::map_registers(const DeviceTree::Node& node) {
  auto region = node.region();
  if (!region || !tables_.map_direct(region->start, region->size)) return nullptr;
  return &make_for_boot<MmioRegisters>(in_direct_map(region->start));
}

MmioRegisters* Start::map_registers(std::string_view model) {
  auto node = tree_.find_compatible(model);
  return node ? map_registers(*node) : nullptr;
}

void Start::make_serial() {
  auto node = find_serial(tree_);
  if (!node) fail("the device tree names no serial line");
  MmioRegisters* registers = map_registers(*node);
  if (!registers) fail("the serial line has no registers");
  auto& serial = make_for_boot<Ns16550>(*registers, node->cell("reg-shift", 0).value_or(0));
  if (!serial.initialize()) fail("the serial line does not answer");
  parts_.serial = &serial;
  set_early_console(make_for_boot<SerialWriter>(serial));
}

void Start::make_plic() {
  auto node = tree_.find_compatible("sifive,plic-1.0.0");
  if (!node) node = tree_.find_compatible("riscv,plic0");
  if (!node) fail("the device tree names no interrupt controller");
  auto context = find_plic_context(*node, harts_, hart_);
  MmioRegisters* registers = map_registers(*node);
  if (!context || !registers) fail("the interrupt controller does not serve this hart");
  auto& plic = make_for_boot<Plic>(*registers, node->cell("riscv,ndev", 0).value_or(0), *context);
  parts_.plic = &plic;
  plic_handle_ = node->cell("phandle", 0).value_or(0);
  auto serial = find_serial(tree_);
  auto input = serial->cell("interrupts", 0);
  if (!input || !plic.connect(*input, *parts_.serial)) fail("the serial line has no interrupt");
  parts_.serial->enable_input();
}

void Start::read_clock() {
  MmioRegisters* clock = map_registers("google,goldfish-rtc");
  if (!clock) return;
  parts_.realtime = read_goldfish_rtc(*clock);
  parts_.realtime_at = read_time();
}

void Start::find_virtio_devices() {
  tree_.for_each([&](const DeviceTree::Node& node) {
    if (node.is_compatible("virtio,mmio") && node.is_enabled()) add_virtio_device(node);
    return true;
  });
}

// Most places for devices are empty. What does not work is left alone.
void Start::add_virtio_device(const DeviceTree::Node& node) {
  auto region = node.region();
  auto input = node.cell("interrupts", 0);
  if (!region || !input || !tables_.map_direct(region->start, region->size)) return;
  MmioRegisters probe(in_direct_map(region->start));
  VirtioType type;
  std::string_view complaint = MmioTransport(probe).identify(&type);
  if (!complaint.empty()) print(early_console(), "halcyon: {} {}\n", node.name(), complaint);
  if (type == VirtioType::none) return;
  auto& transport = make_for_boot<MmioTransport>(make_for_boot<MmioRegisters>(probe));
  InterruptHandler* handler = hal::add_virtio_device(type, transport, dma_memory_, devices_);
  if (handler && !parts_.plic->connect(*input, *handler)) fail("a virtio device has no interrupt");
}

void Start::find_pci_devices() {
  auto node = tree_.find_compatible("pci-host-ecam-generic");
  if (!node) return;
  RiscvPci pci(tables_, *node, *parts_.plic, plic_handle_);
  if (auto place = pci.place()) add_pci_devices(pci, *place, dma_memory_, devices_);
}

// What the firmware gives, and what little an observer does not know of the time.
void Start::seed(RiscvMachine& machine) {
  auto chosen = tree_.find("/chosen");
  if (auto given = chosen ? chosen->property("rng-seed") : std::nullopt) machine.seed_random(*given);
  uint64_t times[] = {read_time(), static_cast<uint64_t>(parts_.realtime)};
  machine.seed_random(std::as_bytes(std::span(times)));
}

RiscvMachine& Start::make_machine() {
  tables_.build();
  harts_ = find_harts(tree_);
  make_serial();
  find_memory();
  make_plic();
  read_clock();
  find_virtio_devices();
  find_pci_devices();
  parts_.test_device = map_registers("sifive,test0");
  parts_.timebase = find_timebase(tree_);
  if (parts_.timebase == 0) fail("the device tree does not say how fast time passes");

  auto& machine = make_for_boot<RiscvMachine>(parts_);
  machine.add_hart(hart_);
  for (unsigned index = 0; index < harts_.count; ++index)
    if (harts_.harts[index].id != hart_) machine.add_hart(harts_.harts[index].id);
  auto memory = memory_map_.memory();
  constexpr uint64_t least_memory = 1 << 20;
  if (memory.size < least_memory) fail("there is no memory");
  machine.set_memory(memory);
  set_stack_area(stack_area_start, stack_area_size, memory.size >> 22);
  seed(machine);
  machine.add_devices(devices_);
  return machine;
}

BootInfo Start::info() const {
  auto chosen = tree_.find("/chosen");
  return {.command_line = chosen ? chosen->text("bootargs") : std::string_view(), .initramfs = {initramfs_.start, initramfs_.size}};
}

}  // namespace

extern "C" [[noreturn, gnu::no_stack_protector]] void riscv_start(uint64_t hart, uint64_t tree_address) {
  clear_scratch();
  set_trap_entry(riscv_trap_entry);
  for (auto constructor = init_array_start; constructor < init_array_end; ++constructor) (*constructor)();
  auto& start = make_for_boot<Start>(hart, tree_address);
  RiscvMachine& machine = start.make_machine();
  the_machine = &machine;
  auto& cpu = static_cast<RiscvCpu&>(machine.bare_cpu(0));
  cpu.take_hart();
  cpu.set_online();
  uint64_t guard;
  machine.random(std::as_writable_bytes(std::span(&guard, 1)));
  __stack_chk_guard = guard;
  enable_interrupts();
  boot(machine, start.info());
}

}  // namespace halcyon::hal
