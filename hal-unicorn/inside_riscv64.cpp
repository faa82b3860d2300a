// What takes the place of Unicorn's functions for riscv64.
#include "hal-unicorn/inside.h"
#include "hal-unicorn/saved_tlbs.h"
#include "hal-unicorn/tlb_fill.h"
#include "hal/isa/riscv64/page_format.h"

namespace halcyon::hal {

extern "C" {

void real_check_riscv64(uc_engine*, uint32_t) asm("__real_helper_check_exit_request_riscv64");
void check_riscv64(uc_engine* engine, uint32_t in_delay_slot) asm("__wrap_helper_check_exit_request_riscv64");
void real_start_block_riscv64(Translator*) asm("__real_tcg_func_start_riscv64");
void start_block_riscv64(Translator* translator) asm("__wrap_tcg_func_start_riscv64");
void real_call_riscv64(Translator*, void (*)(), Temporary*, int, Temporary**) asm("__real_tcg_gen_callN_riscv64");
void call_riscv64(Translator* translator, void (*function)(), Temporary* result, int count,
                  Temporary** arguments) asm("__wrap_tcg_gen_callN_riscv64");
uint64_t real_find_page_riscv64(CpuRegisters*, uint64_t) asm("__real_get_page_addr_code_riscv64");
uint64_t find_page_riscv64(CpuRegisters* registers, uint64_t address) asm("__wrap_get_page_addr_code_riscv64");
void watch_frame_riscv64(CpuState*, uint64_t, uint64_t) asm("tlb_reset_dirty_riscv64");
void watch_code_riscv64(CpuState* cpu, uint64_t start, uint64_t length) asm("__wrap_tlb_reset_dirty_by_vaddr_riscv64");
void real_forget_code_riscv64(uc_engine*, Pages*, uint64_t, int, uintptr_t) asm("__real_tb_invalidate_phys_page_fast_riscv64");
void forget_code_riscv64(uc_engine* engine, Pages* pages, uint64_t place, int length,
                         uintptr_t caller) asm("__wrap_tb_invalidate_phys_page_fast_riscv64");

void make_tlb_riscv64(CpuState*) asm("tlb_init_riscv64");
void real_flush_riscv64(CpuState*) asm("__real_tlb_flush_riscv64");
void flush_riscv64(CpuState* cpu) asm("__wrap_tlb_flush_riscv64");
void real_forget_blocks_riscv64(Translator*) asm("__real_tcg_region_reset_all_riscv64");
void forget_blocks_riscv64(Translator* translator) asm("__wrap_tcg_region_reset_all_riscv64");
bool real_fill_riscv64(CpuState*, uint64_t, int, int, int, bool, uintptr_t) asm("__real_riscv_cpu_tlb_fill_riscv64");
bool fill_riscv64(CpuState* cpu, uint64_t address, int size, int access, int mode, bool is_probe,
                  uintptr_t caller) asm("__wrap_riscv_cpu_tlb_fill_riscv64");
void set_page_riscv64(CpuState*, uint64_t address, uint64_t page, int permissions, int mode, uint64_t size) asm("tlb_set_page_riscv64");
MemorySection* real_find_section_riscv64(CpuState*, int, uint64_t, uint64_t*, uint64_t*, uint32_t,
                                         int*) asm("__real_address_space_translate_for_iotlb_riscv64");
MemorySection* find_section_riscv64(CpuState* cpu, int space, uint64_t address, uint64_t* offset, uint64_t* size, uint32_t attributes,
                                    int* permissions) asm("__wrap_address_space_translate_for_iotlb_riscv64");
uint64_t real_place_riscv64(uc_engine*, std::byte*) asm("__real_qemu_ram_addr_from_host_riscv64");
uint64_t place_riscv64(uc_engine* engine, std::byte* host) asm("__wrap_qemu_ram_addr_from_host_riscv64");

void check_riscv64(uc_engine* engine, uint32_t in_delay_slot) {
  if (!count_block()) [[likely]]
    return;
  uc_emu_stop(engine);
  [[clang::musttail]] return real_check_riscv64(engine, in_delay_slot);
}

void start_block_riscv64(Translator* translator) {
  if (running) running->is_block_start = true;
  real_start_block_riscv64(translator);
}

void call_riscv64(Translator* translator, void (*function)(), Temporary* result, int count, Temporary** arguments) {
  if (function == reinterpret_cast<void (*)()>(check_riscv64) && !is_wanted_check()) return;
  real_call_riscv64(translator, function, result, count, arguments);
}

uint64_t find_page_riscv64(CpuRegisters* registers, uint64_t address) {
  uint64_t place = real_find_page_riscv64(registers, address);
  note_page(registers, address, place);
  return place;
}

void watch_code_riscv64(CpuState* cpu, uint64_t start, uint64_t length) { watch_code(cpu, start, length, watch_frame_riscv64); }

void forget_code_riscv64(uc_engine* engine, Pages* pages, uint64_t place, int length, uintptr_t caller) {
  forget_code(place, length, [&](uint64_t start, int size) { real_forget_code_riscv64(engine, pages, start, size, caller); });
}

void flush_riscv64(CpuState* cpu) {
  if (!running || !running->keeps_tlb) real_flush_riscv64(cpu);
}

void forget_blocks_riscv64(Translator* translator) {
  if (running) running->saved_tlbs->forget_blocks();
  real_forget_blocks_riscv64(translator);
}

bool fill_riscv64(CpuState* cpu, uint64_t address, int size, int access, int mode, bool is_probe, uintptr_t caller) {
  constexpr int user = 0;
  Translation translation;
  if (!running || running->root == 0 || mode != user || !translate<riscv64::PageFormat>(address, static_cast<Access>(access), translation))
    return real_fill_riscv64(cpu, address, size, access, mode, is_probe, caller);
  set_page_riscv64(cpu, page_floor(address), translation.page, translation.permissions, mode, page_size);
  return true;
}

MemorySection* find_section_riscv64(CpuState* cpu, int space, uint64_t address, uint64_t* offset, uint64_t* size, uint32_t attributes,
                                    int* permissions) {
  bool is_memory = running && address < running->memory_size;
  if (is_memory && running->section) [[likely]] {
    *offset = address;
    return running->section;
  }
  MemorySection* section = real_find_section_riscv64(cpu, space, address, offset, size, attributes, permissions);
  if (is_memory && *offset == address) running->section = section;
  return section;
}

uint64_t place_riscv64(uc_engine* engine, std::byte* host) {
  if (!running) return real_place_riscv64(engine, host);
  auto place = static_cast<uint64_t>(host - running->memory);
  return place < running->memory_size ? place : real_place_riscv64(engine, host);
}

}  // extern "C"

void find_tlb_riscv64(Inside& inside) { inside.saved_tlbs->find(inside.cpu, inside.registers, make_tlb_riscv64, real_flush_riscv64); }

}  // namespace halcyon::hal
