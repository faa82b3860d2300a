#include "hal-baremetal/riscv64/kernel_tables.h"

#include <atomic>
#include <cstring>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/base/types.h"
#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/common/lock.h"
#include "hal-baremetal/riscv64/cpu/csr.h"
#include "hal-baremetal/riscv64/layout.h"
#include "hal/isa/riscv64/page_format.h"

extern "C" {
extern uint64_t kernel_root[512];
extern char image_start[], text_end[], rodata_end[], image_end[], boot_stack_guard[], boot_stack[];
}

namespace halcyon::hal::riscv64 {
namespace {

using Format = PageFormat;
constexpr uint64_t global = 32;
constexpr uint64_t data = Format::valid | Format::readable | Format::writable | Format::accessed | Format::dirty | global;
constexpr uint64_t code = Format::valid | Format::readable | Format::executable | Format::accessed | global;
constexpr uint64_t constants = Format::valid | Format::readable | Format::accessed | global;
constexpr unsigned gibibyte_shift = 30, table_shift = 21, entries = 512;

constinit HalLock lock;  // of the stack area's tables

unsigned index_at(uint64_t address, unsigned shift) { return static_cast<unsigned>(address >> shift) & (entries - 1); }

uint64_t* in_direct_map(uint64_t address) { return reinterpret_cast<uint64_t*>(direct_map_start + address); }

// Of an object in the image, or in the direct map.
uint64_t physical(const void* object) {
  auto address = reinterpret_cast<uint64_t>(object);
  return address >= image_offset ? address - image_offset : address - direct_map_start;
}

uint64_t* make_table() { return static_cast<uint64_t*>(allocate_for_boot(page_size, page_size)); }

uint64_t address_of(const char* symbol) { return reinterpret_cast<uint64_t>(symbol); }

}  // namespace

Root KernelTables::root() const { return physical(kernel_root); }

void KernelTables::build() {
  map_image();
  kernel_root[index_at(stack_area_start, gibibyte_shift)] = Format::table(physical(make_table()));
  write_root(root());
}

// Into tables of its own, which then replace the gibibyte that boot.S mapped.
void KernelTables::map_image() {
  uint64_t* middle = make_table();
  for (uint64_t address = address_of(image_start); address < address_of(image_end); address += page_size) {
    uint64_t& table = middle[index_at(address, table_shift)];
    if (!Format::is_present(table)) table = Format::table(physical(make_table()));
    if (address >= address_of(boot_stack_guard) && address < address_of(boot_stack)) continue;
    uint64_t rights = address < address_of(text_end) ? code : address < address_of(rodata_end) ? constants : data;
    uint64_t* leaves = in_direct_map(Format::address(table));
    leaves[index_at(address, page_shift)] = Format::frame_number(address - image_offset) | rights;
  }
  kernel_root[index_at(address_of(image_start), gibibyte_shift)] = Format::table(physical(middle));
}

bool KernelTables::map_direct(uint64_t start, uint64_t size) {
  if (start >= direct_map_size || size > direct_map_size - start) return false;
  for (uint64_t gibibyte = start >> gibibyte_shift; gibibyte << gibibyte_shift < start + size; ++gibibyte) {
    uint64_t& entry = kernel_root[index_at(direct_map_start, gibibyte_shift) + gibibyte];
    if (!Format::is_present(entry)) entry = Format::frame_number(gibibyte << gibibyte_shift) | data;
  }
  flush_all();
  return true;
}

void KernelTables::fill_root(Root root) const {
  std::memcpy(in_direct_map(root) + Format::user_root_entries, kernel_root + Format::user_root_entries,
              (entries - Format::user_root_entries) * sizeof(uint64_t));
}

// The last-level entry; null if a table is missing and is not to be made, or cannot.
uint64_t* KernelTables::stack_entry(uint64_t address, bool make) {
  uint64_t* middle = in_direct_map(Format::address(kernel_root[index_at(stack_area_start, gibibyte_shift)]));
  std::atomic_ref<uint64_t> table(middle[index_at(address, table_shift)]);
  if (!Format::is_present(table.load(std::memory_order_acquire))) {
    if (!make) return nullptr;
    void* fresh = allocate(page_size, page_size);
    if (!fresh) return nullptr;
    std::memset(fresh, 0, page_size);
    lock.lock();
    bool is_first = !Format::is_present(table.load(std::memory_order_relaxed));
    if (is_first) table.store(Format::table(physical(fresh)), std::memory_order_release);
    lock.unlock();
    if (!is_first) deallocate(fresh);
  }
  return in_direct_map(Format::address(table.load(std::memory_order_acquire))) + index_at(address, page_shift);
}

bool KernelTables::map(uint64_t address, uint64_t frame) {
  if (address < stack_area_start || address - stack_area_start >= stack_area_size) return false;
  uint64_t* entry = stack_entry(address, true);
  if (!entry) return false;
  std::atomic_ref(*entry).store(Format::frame_number(frame) | data, std::memory_order_release);
  // A CPU may remember that nothing was here.
  flush_page(address);
  return true;
}

uint64_t KernelTables::unmap(uint64_t address) {
  uint64_t* entry = stack_entry(address, false);
  ASSERT(entry && Format::is_present(*entry));
  return Format::address(std::atomic_ref(*entry).exchange(0, std::memory_order_acq_rel));
}

}  // namespace halcyon::hal::riscv64
