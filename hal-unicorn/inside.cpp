#include "hal-unicorn/inside.h"

#include "hal-unicorn/saved_tlbs.h"

namespace halcyon::hal {

bool is_wanted_check() {
  if (!running || !running->is_block_start) return false;
  running->is_block_start = false;
  return true;
}

void note_page(CpuRegisters* registers, uint64_t address, uint64_t place) {
  if (!running) return;
  running->registers = registers;
  running->pages[running->next_page] = {.address = page_floor(address), .place = page_floor(place)};
  running->next_page ^= 1;
}

void watch_code(CpuState* cpu, uint64_t start, uint64_t length, void (*watch)(CpuState*, uint64_t, uint64_t)) {
  running->cpu = cpu;
  constexpr uint64_t nowhere = page_floor(~uint64_t{0});
  for (uint64_t address = page_floor(start); address < start + length; address += page_size) {
    for (const Inside::Page& page : running->pages) {
      if (page.address != address || page.place == nowhere || running->watched_frames.contains(page.place >> page_shift)) continue;
      watch(cpu, reinterpret_cast<uint64_t>(running->memory) + page.place, page_size);
      running->watched_frames.insert(page.place >> page_shift);
      // These would have to be told too.
      running->saved_tlbs->forget_all();
    }
  }
}

}  // namespace halcyon::hal
