#include "hal-baremetal/x86_64/kernel_tables.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/base/types.h"
#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/common/lock.h"
#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal-baremetal/x86_64/layout.h"
#include "hal/isa/x86_64/page_format.h"

extern "C" {
extern uint64_t kernel_root[512], image_map[512], low_map[512], start_root[512];
extern char image_start[], text_end[], rodata_end[], image_end[], boot_stack_guard[], boot_stack[];
}

namespace halcyon::hal::x86_64 {
namespace {

using Format = PageFormat;
constexpr uint64_t uncached = 0x18, large = 0x80, global = 0x100;  // PCD and PWT; PS; G
constexpr uint64_t touched = Format::accessed | Format::dirty;
constexpr uint64_t data = Format::present | Format::writable | Format::no_execute | touched | global;
constexpr uint64_t code = Format::present | touched | global;
constexpr uint64_t constants = code | Format::no_execute;
constexpr unsigned root_shift = 39, gibibyte_shift = 30, large_shift = 21, entries = 512;
constexpr uint64_t gibibyte = uint64_t{1} << gibibyte_shift, large_size = uint64_t{1} << large_shift;

constinit HalLock lock;  // of the stack area's tables

unsigned index_at(uint64_t address, unsigned shift) { return static_cast<unsigned>(address >> shift) & (entries - 1); }

// Tables of the kernel let nobody else in.
uint64_t table_at(uint64_t address) { return Format::table(address) & ~Format::user; }

uint64_t* in_direct_map(uint64_t address) { return reinterpret_cast<uint64_t*>(direct_map_start + address); }

// Of an object in the image, or in the direct map.
uint64_t physical(const void* object) {
  auto address = reinterpret_cast<uint64_t>(object);
  return address >= image_offset ? address - image_offset : address - direct_map_start;
}

uint64_t* make_table() { return static_cast<uint64_t*>(allocate_for_boot(page_size, page_size)); }

uint64_t address_of(const char* symbol) { return reinterpret_cast<uint64_t>(symbol); }

bool has_gibibyte_pages() {
  constexpr uint32_t extended = 0x8000'0001, gibibyte_pages = 1 << 26;
  return cpuid(extended).edx & gibibyte_pages;
}

}  // namespace

Root KernelTables::root() const { return physical(kernel_root); }

bool KernelTables::is_boot_stack_guard(uint64_t address) {
  return address >= address_of(boot_stack_guard) && address < address_of(boot_stack);
}

void KernelTables::build() {
  map_image();
  uint64_t* gibibytes = make_table();
  kernel_root[index_at(stack_area_start, root_shift)] = table_at(physical(gibibytes));
  gibibytes[index_at(stack_area_start, gibibyte_shift)] = table_at(physical(make_table()));
  kernel_root[0] = 0;
  flush_all();
}

// Into tables of its own, which then replace the gibibyte that boot.S mapped. Its first pages, which ran where they were loaded, are
// constants from now on.
void KernelTables::map_image() {
  uint64_t* middle = make_table();
  for (uint64_t address = address_of(image_start); address < address_of(image_end); address += page_size) {
    uint64_t& table = middle[index_at(address, large_shift)];
    if (!Format::is_present(table)) table = table_at(physical(make_table()));
    if (is_boot_stack_guard(address)) continue;
    uint64_t rights = address < address_of(text_end) ? code : address < address_of(rodata_end) ? constants : data;
    in_direct_map(Format::address(table))[index_at(address, page_shift)] = (address - image_offset) | rights;
  }
  image_map[index_at(image_offset, gibibyte_shift)] = table_at(physical(middle));
}

// The entry of the direct map that covers `address`: of 1 GiB where the CPU can and nothing is there yet, else of 2 MiB. Null: no table
// left.
uint64_t* KernelTables::large_entry(uint64_t address) {
  uint64_t* table = kernel_root;
  for (unsigned shift : {root_shift, gibibyte_shift}) {
    uint64_t& entry = table[index_at(direct_map_start + address, shift)];
    if (entry & large) return &entry;
    if (!Format::is_present(entry)) {
      if (shift == gibibyte_shift && has_gibibyte_pages()) return &entry;
      if (tables_left_ == 0) return nullptr;
      --tables_left_;
      entry = table_at(physical(make_table()));
    }
    table = in_direct_map(Format::address(entry));
  }
  return &table[index_at(direct_map_start + address, large_shift)];
}

bool KernelTables::map_direct(uint64_t start, uint64_t size) {
  if (start >= direct_map_size || size > direct_map_size - start) return false;
  for (uint64_t address = std::max(start & ~(large_size - 1), low_map_size); address < start + size; address += large_size) {
    uint64_t* entry = large_entry(address);
    if (!entry) return false;
    if (Format::is_present(*entry)) continue;
    bool is_gibibyte = has_gibibyte_pages();
    *entry = (address & ~((is_gibibyte ? gibibyte : large_size) - 1)) | data | large;
  }
  return true;
}

bool KernelTables::map_device(uint64_t start, uint64_t size) {
  if (!map_direct(start, size)) return false;
  for (uint64_t address = start & ~(large_size - 1); address < start + size; address += large_size) *large_entry(address) |= uncached;
  flush_all();
  return true;
}

void KernelTables::fill_root(Root root) const {
  uint64_t* entry = in_direct_map(root);
  constexpr unsigned first = entries / 2;
  static_assert(first == Format::user_root_entries);
  for (unsigned index = first; index < entries; ++index)
    if (kernel_root[index] != 0) entry[index] = kernel_root[index];
}

void KernelTables::prepare_start_root() const {
  fill_root(physical(start_root));
  start_root[0] = table_at(physical(low_map));
}

// The last-level entry; null if a table is missing and is not to be made, or cannot.
uint64_t* KernelTables::stack_entry(uint64_t address, bool make) {
  uint64_t* gibibytes = in_direct_map(Format::address(kernel_root[index_at(stack_area_start, root_shift)]));
  uint64_t* middle = in_direct_map(Format::address(gibibytes[index_at(stack_area_start, gibibyte_shift)]));
  std::atomic_ref<uint64_t> table(middle[index_at(address, large_shift)]);
  if (!Format::is_present(table.load(std::memory_order_acquire))) {
    if (!make) return nullptr;
    void* fresh = allocate(page_size, page_size);
    if (!fresh) return nullptr;
    std::memset(fresh, 0, page_size);
    lock.lock();
    bool is_first = !Format::is_present(table.load(std::memory_order_relaxed));
    if (is_first) table.store(table_at(physical(fresh)), std::memory_order_release);
    lock.unlock();
    if (!is_first) deallocate(fresh);
  }
  return in_direct_map(Format::address(table.load(std::memory_order_acquire))) + index_at(address, page_shift);
}

bool KernelTables::map(uint64_t address, uint64_t frame) {
  if (address < stack_area_start || address - stack_area_start >= stack_area_size) return false;
  uint64_t* entry = stack_entry(address, true);
  if (!entry) return false;
  std::atomic_ref(*entry).store(frame | data, std::memory_order_release);
  return true;
}

uint64_t KernelTables::unmap(uint64_t address) {
  uint64_t* entry = stack_entry(address, false);
  ASSERT(entry && Format::is_present(*entry));
  return Format::address(std::atomic_ref(*entry).exchange(0, std::memory_order_acq_rel));
}

}  // namespace halcyon::hal::x86_64
