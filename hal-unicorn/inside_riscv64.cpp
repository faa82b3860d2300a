// What takes the place of Unicorn's functions for riscv64.
#include "hal-unicorn/inside.h"

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
  note_page(address, place);
  return place;
}

void watch_code_riscv64(CpuState* cpu, uint64_t start, uint64_t length) { watch_code(cpu, start, length, watch_frame_riscv64); }

void forget_code_riscv64(uc_engine* engine, Pages* pages, uint64_t place, int length, uintptr_t caller) {
  forget_code(place, length, [&](uint64_t start, int size) { real_forget_code_riscv64(engine, pages, start, size, caller); });
}

}  // extern "C"

}  // namespace halcyon::hal
