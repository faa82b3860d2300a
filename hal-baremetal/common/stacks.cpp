#include "hal-baremetal/common/stacks.h"

#include <algorithm>
#include <array>

#include "core/base/assert.h"
#include "core/base/lock_guard.h"
#include "core/base/memory.h"
#include "core/base/types.h"
#include "hal-baremetal/common/lock.h"
#include "hal-baremetal/common/machine.h"
#include "hal/port.h"

namespace halcyon::hal {
namespace {

constexpr size_t most_slots = 32768, most_cached = 64;

struct StackArea {
  uint64_t start = 0;
  size_t slots = 0;
  size_t most_kept = 0;

  HalLock lock;
  std::array<uint64_t, most_slots / 64> used{};  // under lock: bit per slot
  size_t hint = 0;                               // under lock: word where a free slot was last found
  std::array<uint64_t, most_cached> kept{};      // under lock: bottoms of mapped stacks that nobody uses
  size_t kept_count = 0;
};
constinit StackArea area;

// The bottom of a free slot's stack; 0 if there is none.
uint64_t take_slot() {
  LockGuard guard(area.lock);
  size_t words = (area.slots + 63) / 64;
  for (size_t step = 0; step < words; ++step) {
    size_t word = (area.hint + step) % words;
    if (area.used[word] == ~uint64_t{0}) continue;
    size_t bit = static_cast<size_t>(__builtin_ctzll(~area.used[word]));
    if (word * 64 + bit >= area.slots) continue;
    area.used[word] |= uint64_t{1} << bit;
    area.hint = word;
    return area.start + (word * 64 + bit) * stack_slot_size + stack_size;
  }
  return 0;
}

void return_slot(uint64_t bottom) {
  size_t slot = (bottom - area.start) / stack_slot_size;
  LockGuard guard(area.lock);
  area.used[slot / 64] &= ~(uint64_t{1} << slot % 64);
}

std::byte* page_at(uint64_t frame) { return the_machine->direct_map() + frame; }

// Takes [bottom, end) out of the tables; the pages that were there hang one behind the other, linked by their first word.
void unmap(uint64_t bottom, uint64_t end, void** pages) {
  for (uint64_t address = bottom; address < end; address += page_size) {
    auto* page = reinterpret_cast<void**>(page_at(the_machine->unmap_kernel_page(address)));
    *page = *pages;
    *pages = page;
  }
}

void free_pages(void* pages) {
  while (pages) {
    void* next = *static_cast<void**>(pages);
    deallocate(pages);
    pages = next;
  }
}

bool map(uint64_t bottom) {
  for (uint64_t address = bottom; address < bottom + stack_size; address += page_size) {
    auto* page = static_cast<std::byte*>(allocate(page_size, page_size));
    if (page && the_machine->map_kernel_page(address, static_cast<uint64_t>(page - page_at(0)))) continue;
    deallocate(page);
    void* pages = nullptr;
    unmap(bottom, address, &pages);
    the_machine->shoot_down_kernel(bottom, address);
    free_pages(pages);
    return false;
  }
  return true;
}

// Unmaps stacks that nobody uses: synchronously, so that their slots can be used for other pages afterwards.
void release(std::span<const uint64_t> bottoms) {
  void* pages = nullptr;
  uint64_t lowest = ~uint64_t{0}, highest = 0;
  for (uint64_t bottom : bottoms) {
    unmap(bottom, bottom + stack_size, &pages);
    lowest = std::min(lowest, bottom);
    highest = std::max(highest, bottom + stack_size);
  }
  the_machine->shoot_down_kernel(lowest, highest);
  free_pages(pages);
  for (uint64_t bottom : bottoms) return_slot(bottom);
}

}  // namespace

void set_stack_area(uint64_t start, uint64_t size, size_t most_kept) {
  area.start = start;
  area.slots = std::min<size_t>(size / stack_slot_size, most_slots);
  area.most_kept = std::min(most_kept, most_cached);
}

KernelStack allocate_stack() {
  KernelStack stack;
  stack.size = stack_size;
  uint64_t bottom = 0;
  {
    LockGuard guard(area.lock);
    if (area.kept_count > 0) bottom = area.kept[--area.kept_count];
  }
  if (bottom == 0) {
    bottom = take_slot();
    if (bottom == 0) return {};
    if (!map(bottom)) {
      return_slot(bottom);
      return {};
    }
  }
  stack.base = reinterpret_cast<std::byte*>(bottom);
  return stack;
}

void free_stack(KernelStack& stack) {
  if (!stack.base) return;
  std::array<uint64_t, most_cached + 1> surplus;
  size_t count = 0;
  surplus[count++] = reinterpret_cast<uint64_t>(stack.base);
  {
    LockGuard guard(area.lock);
    if (area.kept_count < area.most_kept) {
      area.kept[area.kept_count++] = surplus[--count];
    } else {
      while (area.kept_count > area.most_kept / 2) surplus[count++] = area.kept[--area.kept_count];
    }
  }
  if (count > 0) release({surplus.data(), count});
  stack = {};
}

}  // namespace halcyon::hal
