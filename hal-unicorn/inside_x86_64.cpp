// What takes the place of Unicorn's functions for x86_64.
#include "hal-unicorn/floating_x86_64.h"
#include "hal-unicorn/inside.h"
#include "hal-unicorn/saved_tlbs.h"
#include "hal-unicorn/tlb_fill.h"
#include "hal/isa/x86_64/page_format.h"

namespace halcyon::hal {

extern "C" {

void real_check_x86_64(uc_engine*, uint32_t) asm("__real_helper_check_exit_request_x86_64");
void check_x86_64(uc_engine* engine, uint32_t in_delay_slot) asm("__wrap_helper_check_exit_request_x86_64");
void real_start_block_x86_64(Translator*) asm("__real_tcg_func_start_x86_64");
void start_block_x86_64(Translator* translator) asm("__wrap_tcg_func_start_x86_64");
void real_call_x86_64(Translator*, void (*)(), Temporary*, int, Temporary**) asm("__real_tcg_gen_callN_x86_64");
void call_x86_64(Translator* translator, void (*function)(), Temporary* result, int count,
                 Temporary** arguments) asm("__wrap_tcg_gen_callN_x86_64");
uint64_t real_find_page_x86_64(CpuRegisters*, uint64_t) asm("__real_get_page_addr_code_x86_64");
uint64_t find_page_x86_64(CpuRegisters* registers, uint64_t address) asm("__wrap_get_page_addr_code_x86_64");
void watch_frame_x86_64(CpuState*, uint64_t, uint64_t) asm("tlb_reset_dirty_x86_64");
void watch_code_x86_64(CpuState* cpu, uint64_t start, uint64_t length) asm("__wrap_tlb_reset_dirty_by_vaddr_x86_64");
void real_forget_code_x86_64(uc_engine*, Pages*, uint64_t, int, uintptr_t) asm("__real_tb_invalidate_phys_page_fast_x86_64");
void forget_code_x86_64(uc_engine* engine, Pages* pages, uint64_t place, int length,
                        uintptr_t caller) asm("__wrap_tb_invalidate_phys_page_fast_x86_64");

void real_operation_x86_64(Translator*, int code, uintptr_t, uintptr_t, uintptr_t) asm("__real_tcg_gen_op3_x86_64");
void operation_x86_64(Translator* translator, int code, uintptr_t to, uintptr_t base, uintptr_t offset) asm("__wrap_tcg_gen_op3_x86_64");
void real_syscall_x86_64(CpuRegisters*, int) asm("__real_helper_syscall_x86_64");
void syscall_x86_64(CpuRegisters* registers, int size) asm("__wrap_helper_syscall_x86_64");
[[noreturn]] void raise_exception(CpuRegisters*, int vector, int error_code, uintptr_t caller) asm("raise_exception_err_ra_x86_64");
uint64_t in_byte(CpuRegisters* registers, uint32_t) asm("__wrap_helper_inb_x86_64");
uint64_t in_word(CpuRegisters* registers, uint32_t) asm("__wrap_helper_inw_x86_64");
uint64_t in_long(CpuRegisters* registers, uint32_t) asm("__wrap_helper_inl_x86_64");
void out_byte(CpuRegisters* registers, uint32_t, uint32_t) asm("__wrap_helper_outb_x86_64");
void out_word(CpuRegisters* registers, uint32_t, uint32_t) asm("__wrap_helper_outw_x86_64");
void out_long(CpuRegisters* registers, uint32_t, uint32_t) asm("__wrap_helper_outl_x86_64");

void make_tlb_x86_64(CpuState*) asm("tlb_init_x86_64");
void real_flush_x86_64(CpuState*) asm("__real_tlb_flush_x86_64");
void flush_x86_64(CpuState* cpu) asm("__wrap_tlb_flush_x86_64");
void real_forget_blocks_x86_64(Translator*) asm("__real_tcg_region_reset_all_x86_64");
void forget_blocks_x86_64(Translator* translator) asm("__wrap_tcg_region_reset_all_x86_64");
bool real_fill_x86_64(CpuState*, uint64_t, int, int, int, bool, uintptr_t) asm("__real_x86_cpu_tlb_fill_x86_64");
bool fill_x86_64(CpuState* cpu, uint64_t address, int size, int access, int mode, bool is_probe,
                 uintptr_t caller) asm("__wrap_x86_cpu_tlb_fill_x86_64");
void set_page_x86_64(CpuState*, uint64_t address, uint64_t page, int permissions, int mode, uint64_t size) asm("tlb_set_page_x86_64");
MemorySection* real_find_section_x86_64(CpuState*, int, uint64_t, uint64_t*, uint64_t*, uint32_t,
                                        int*) asm("__real_address_space_translate_for_iotlb_x86_64");
MemorySection* find_section_x86_64(CpuState* cpu, int space, uint64_t address, uint64_t* offset, uint64_t* size, uint32_t attributes,
                                   int* permissions) asm("__wrap_address_space_translate_for_iotlb_x86_64");
uint64_t real_place_x86_64(uc_engine*, std::byte*) asm("__real_qemu_ram_addr_from_host_x86_64");
uint64_t place_x86_64(uc_engine* engine, std::byte* host) asm("__wrap_qemu_ram_addr_from_host_x86_64");

void check_x86_64(uc_engine* engine, uint32_t in_delay_slot) {
  if (!count_block()) [[likely]]
    return;
  uc_emu_stop(engine);
  // It finds the block by the address that it returns to.
  [[clang::musttail]] return real_check_x86_64(engine, in_delay_slot);
}

void start_block_x86_64(Translator* translator) {
  if (running) running->is_block_start = true;
  real_start_block_x86_64(translator);
}

void call_x86_64(Translator* translator, void (*function)(), Temporary* result, int count, Temporary** arguments) {
  if (function == reinterpret_cast<void (*)()>(check_x86_64) && !is_wanted_check()) return;
  if (function == reinterpret_cast<void (*)()>(syscall_x86_64) && running) running->registers_argument = arguments[0];
  emit_floating_call(real_call_x86_64, translator, function, result, count, arguments);
}

// STMXCSR is the only instruction whose translation reads MXCSR: a load from there.
void operation_x86_64(Translator* translator, int code, uintptr_t to, uintptr_t base, uintptr_t offset) {
  if (offset == floating_layout.mxcsr && running && running->registers_argument &&
      base == reinterpret_cast<uintptr_t>(running->registers_argument)) [[unlikely]]
    emit_before_reading_mxcsr(real_call_x86_64, translator, running->registers_argument);
  real_operation_x86_64(translator, code, to, base, offset);
}

uint64_t find_page_x86_64(CpuRegisters* registers, uint64_t address) {
  uint64_t place = real_find_page_x86_64(registers, address);
  note_page(registers, address, place);
  return place;
}

void watch_code_x86_64(CpuState* cpu, uint64_t start, uint64_t length) { watch_code(cpu, start, length, watch_frame_x86_64); }

void forget_code_x86_64(uc_engine* engine, Pages* pages, uint64_t place, int length, uintptr_t caller) {
  forget_code(place, length, [&](uint64_t start, int size) { real_forget_code_x86_64(engine, pages, start, size, caller); });
}

// Translated code has stored the pc before it calls this; Unicorn would search for it again.
void syscall_x86_64(CpuRegisters* registers, int size) {
  running->is_syscall = true;
  uc_emu_stop(running->engine);
  real_syscall_x86_64(registers, size);
}

// No user code may reach a port; Unicorn lets all. (INS has stored a zero by now.)
[[noreturn]] static void protect_port(CpuRegisters* registers, void* caller) {
  constexpr int protection_fault = 13;
  raise_exception(registers, protection_fault, 0, reinterpret_cast<uintptr_t>(caller));
}
uint64_t in_byte(CpuRegisters* registers, uint32_t) { protect_port(registers, __builtin_return_address(0)); }
uint64_t in_word(CpuRegisters* registers, uint32_t) { protect_port(registers, __builtin_return_address(0)); }
uint64_t in_long(CpuRegisters* registers, uint32_t) { protect_port(registers, __builtin_return_address(0)); }
void out_byte(CpuRegisters* registers, uint32_t, uint32_t) { protect_port(registers, __builtin_return_address(0)); }
void out_word(CpuRegisters* registers, uint32_t, uint32_t) { protect_port(registers, __builtin_return_address(0)); }
void out_long(CpuRegisters* registers, uint32_t, uint32_t) { protect_port(registers, __builtin_return_address(0)); }

void flush_x86_64(CpuState* cpu) {
  if (!running || !running->keeps_tlb) real_flush_x86_64(cpu);
}

void forget_blocks_x86_64(Translator* translator) {
  if (running) running->saved_tlbs->forget_blocks();
  real_forget_blocks_x86_64(translator);
}

bool fill_x86_64(CpuState* cpu, uint64_t address, int size, int access, int mode, bool is_probe, uintptr_t caller) {
  constexpr int user = 1;
  Translation translation;
  if (!running || running->root == 0 || mode != user || !translate<x86_64::PageFormat>(address, static_cast<Access>(access), translation))
    return real_fill_x86_64(cpu, address, size, access, mode, is_probe, caller);
  set_page_x86_64(cpu, page_floor(address), translation.page, translation.permissions, mode, page_size);
  return true;
}

MemorySection* find_section_x86_64(CpuState* cpu, int space, uint64_t address, uint64_t* offset, uint64_t* size, uint32_t attributes,
                                   int* permissions) {
  bool is_memory = running && address < running->memory_size;
  if (is_memory && running->section) [[likely]] {
    *offset = address;
    return running->section;
  }
  MemorySection* section = real_find_section_x86_64(cpu, space, address, offset, size, attributes, permissions);
  if (is_memory && *offset == address) running->section = section;
  return section;
}

uint64_t place_x86_64(uc_engine* engine, std::byte* host) {
  if (!running) return real_place_x86_64(engine, host);
  auto place = static_cast<uint64_t>(host - running->memory);
  return place < running->memory_size ? place : real_place_x86_64(engine, host);
}

}  // extern "C"

void find_tlb_x86_64(Inside& inside) { inside.saved_tlbs->find(inside.cpu, inside.registers, make_tlb_x86_64, real_flush_x86_64); }

}  // namespace halcyon::hal
