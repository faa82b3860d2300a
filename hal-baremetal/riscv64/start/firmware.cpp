#include "hal-baremetal/riscv64/start/firmware.h"

namespace halcyon::hal::riscv64 {

Harts find_harts(const DeviceTree& tree) {
  Harts harts;
  bool is_hart = false;
  tree.for_each([&](const DeviceTree::Node& node) {
    if (node.text("device_type") == "cpu") {
      auto id = node.number("reg");
      is_hart = id && node.is_enabled() && node.text("mmu-type") != "riscv,none" && harts.count < Harts::most;
      if (is_hart) harts.harts[harts.count++] = {*id, 0};
    } else if (is_hart && node.is_compatible("riscv,cpu-intc")) {
      harts.harts[harts.count - 1].interrupts = node.cell("phandle", 0).value_or(0);
      is_hart = false;
    }
    return true;
  });
  return harts;
}

uint64_t find_timebase(const DeviceTree& tree) {
  auto cpus = tree.find("/cpus");
  return cpus ? cpus->number("timebase-frequency").value_or(0) : 0;
}

void find_memory(const DeviceTree& tree, MemoryMap& map) {
  tree.for_each([&](const DeviceTree::Node& node) {
    if (node.text("device_type") != "memory" || !node.is_enabled()) return true;
    for (unsigned index = 0; auto region = node.region(index); ++index) map.add_ram(region->start, region->size);
    return true;
  });
  for (unsigned index = 0; auto region = tree.reservation(index); ++index) map.reserve(region->start, region->size);
  bool is_inside = false;
  tree.for_each([&](const DeviceTree::Node& node) {
    if (node.depth() <= 1) is_inside = node.name() == "reserved-memory";
    if (!is_inside || node.depth() != 2) return true;
    for (unsigned index = 0; auto region = node.region(index); ++index) map.reserve(region->start, region->size);
    return true;
  });
}

DeviceTree::Region find_initramfs(const DeviceTree& tree) {
  auto chosen = tree.find("/chosen");
  if (!chosen) return {};
  uint64_t start = chosen->number("linux,initrd-start").value_or(0), end = chosen->number("linux,initrd-end").value_or(0);
  return end > start ? DeviceTree::Region{start, end - start} : DeviceTree::Region{};
}

std::optional<DeviceTree::Node> find_serial(const DeviceTree& tree) {
  auto is_serial = [](const DeviceTree::Node& node) {
    return node.is_enabled() && (node.is_compatible("ns16550a") || node.is_compatible("ns16550"));
  };
  if (auto chosen = tree.find("/chosen")) {
    std::string_view path = chosen->text("stdout-path");
    auto node = tree.find(path.substr(0, path.find(':')));
    if (node && is_serial(*node)) return node;
  }
  std::optional<DeviceTree::Node> found;
  tree.for_each([&](const DeviceTree::Node& node) {
    if (is_serial(node)) found = node;
    return !found;
  });
  return found;
}

std::optional<unsigned> find_plic_context(const DeviceTree::Node& plic, const Harts& harts, uint64_t hart) {
  constexpr uint32_t supervisor_external = 9;
  uint32_t controller = 0;
  for (unsigned index = 0; index < harts.count; ++index)
    if (harts.harts[index].id == hart) controller = harts.harts[index].interrupts;
  for (unsigned context = 0;; ++context) {
    auto phandle = plic.cell("interrupts-extended", 2 * context), cause = plic.cell("interrupts-extended", 2 * context + 1);
    if (!phandle || !cause) return {};
    if (*phandle == controller && *cause == supervisor_external) return context;
  }
}

}  // namespace halcyon::hal::riscv64
