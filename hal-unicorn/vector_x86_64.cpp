// Vector arithmetic: exception flags in MXCSR, and traps.
#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "hal-unicorn/floating_x86_64.h"

namespace halcyon::hal {

extern "C" [[noreturn]] void leave_block(CpuState*, uintptr_t caller) asm("cpu_loop_exit_restore_x86_64");

namespace {

// MXCSR's flags are the ones of Unicorn's arithmetic: invalid, divide, overflow, underflow, inexact. Denormal operands are not told.
constexpr uint8_t shown_flags = 0x3d;
constexpr uint8_t inexact = 0x20;

std::byte* at(CpuRegisters* registers, size_t offset) { return reinterpret_cast<std::byte*>(registers) + offset; }

uint8_t& flags_of(CpuRegisters* registers) { return *reinterpret_cast<uint8_t*>(at(registers, floating_layout.flags)); }
uint32_t& mxcsr_of(CpuRegisters* registers) { return *reinterpret_cast<uint32_t*>(at(registers, floating_layout.mxcsr)); }

void show_flags(CpuRegisters* registers) {
  mxcsr_of(registers) |= flags_of(registers) & shown_flags;
  flags_of(registers) = 0;
}

// Leaves the run, to translate the code anew; the instruction is executed again.
void look_for_traps(uint32_t mxcsr, void* caller) {
  if (running->traps_floating || unmasked(mxcsr) == 0) return;
  running->traps_floating = running->must_translate_anew = true;
  uc_emu_stop(running->engine);
  leave_block(running->cpu, reinterpret_cast<uintptr_t>(caller));
}

}  // namespace

extern "C" {

// The arithmetic that may raise an exception.
void helper_addps_x86_64();
void helper_addpd_x86_64();
void helper_addss_x86_64();
void helper_addsd_x86_64();
void helper_subps_x86_64();
void helper_subpd_x86_64();
void helper_subss_x86_64();
void helper_subsd_x86_64();
void helper_mulps_x86_64();
void helper_mulpd_x86_64();
void helper_mulss_x86_64();
void helper_mulsd_x86_64();
void helper_divps_x86_64();
void helper_divpd_x86_64();
void helper_divss_x86_64();
void helper_divsd_x86_64();
void helper_minps_x86_64();
void helper_minpd_x86_64();
void helper_minss_x86_64();
void helper_minsd_x86_64();
void helper_maxps_x86_64();
void helper_maxpd_x86_64();
void helper_maxss_x86_64();
void helper_maxsd_x86_64();
void helper_sqrtps_x86_64();
void helper_sqrtpd_x86_64();
void helper_sqrtss_x86_64();
void helper_sqrtsd_x86_64();
void helper_cmpeqps_x86_64();
void helper_cmpeqpd_x86_64();
void helper_cmpeqss_x86_64();
void helper_cmpeqsd_x86_64();
void helper_cmpltps_x86_64();
void helper_cmpltpd_x86_64();
void helper_cmpltss_x86_64();
void helper_cmpltsd_x86_64();
void helper_cmpleps_x86_64();
void helper_cmplepd_x86_64();
void helper_cmpless_x86_64();
void helper_cmplesd_x86_64();
void helper_cmpunordps_x86_64();
void helper_cmpunordpd_x86_64();
void helper_cmpunordss_x86_64();
void helper_cmpunordsd_x86_64();
void helper_cmpneqps_x86_64();
void helper_cmpneqpd_x86_64();
void helper_cmpneqss_x86_64();
void helper_cmpneqsd_x86_64();
void helper_cmpnltps_x86_64();
void helper_cmpnltpd_x86_64();
void helper_cmpnltss_x86_64();
void helper_cmpnltsd_x86_64();
void helper_cmpnleps_x86_64();
void helper_cmpnlepd_x86_64();
void helper_cmpnless_x86_64();
void helper_cmpnlesd_x86_64();
void helper_cmpordps_x86_64();
void helper_cmpordpd_x86_64();
void helper_cmpordss_x86_64();
void helper_cmpordsd_x86_64();
void helper_addsubps_x86_64();
void helper_addsubpd_x86_64();
void helper_haddps_x86_64();
void helper_haddpd_x86_64();
void helper_hsubps_x86_64();
void helper_hsubpd_x86_64();
void helper_ucomiss_x86_64();
void helper_ucomisd_x86_64();
void helper_comiss_x86_64();
void helper_comisd_x86_64();
void helper_cvtps2pd_x86_64();
void helper_cvtpd2ps_x86_64();
void helper_cvtss2sd_x86_64();
void helper_cvtsd2ss_x86_64();
void helper_cvtdq2ps_x86_64();
void helper_cvtpi2ps_x86_64();
void helper_cvtsi2ss_x86_64();
void helper_cvtsq2ss_x86_64();
void helper_cvtsq2sd_x86_64();
void helper_cvtps2dq_x86_64();
void helper_cvtpd2dq_x86_64();
void helper_cvtps2pi_x86_64();
void helper_cvtpd2pi_x86_64();
void helper_cvtss2si_x86_64();
void helper_cvtsd2si_x86_64();
void helper_cvtss2sq_x86_64();
void helper_cvtsd2sq_x86_64();
void helper_cvttps2dq_x86_64();
void helper_cvttpd2dq_x86_64();
void helper_cvttps2pi_x86_64();
void helper_cvttpd2pi_x86_64();
void helper_cvttss2si_x86_64();
void helper_cvttsd2si_x86_64();
void helper_cvttss2sq_x86_64();
void helper_cvttsd2sq_x86_64();
void helper_roundps_xmm_x86_64();
void helper_roundpd_xmm_x86_64();
void helper_roundss_xmm_x86_64();
void helper_roundsd_xmm_x86_64();
void helper_dpps_xmm_x86_64();
void helper_dppd_xmm_x86_64();
[[noreturn]] void raise_vector_exception(CpuRegisters*, int vector, int error_code, uintptr_t caller) asm("raise_exception_err_ra_x86_64");

void helper_fxsave_x86_64();
void helper_fxrstor_x86_64();
void helper_xsave_x86_64();
void helper_xsaveopt_x86_64();
void helper_xrstor_x86_64();

// Translated code can only call functions that Unicorn has listed. These three stand for instructions of a CPU in system management mode or
// with virtual machines, which this one never is, so that nothing else calls them.
void update_mxcsr(CpuRegisters* registers) asm("__wrap_helper_clgi_x86_64");
void before_arithmetic(CpuRegisters* registers) asm("__wrap_helper_stgi_x86_64");
void after_arithmetic(CpuRegisters* registers) asm("__wrap_helper_rsm_x86_64");

void real_load_mxcsr(CpuRegisters*, uint32_t) asm("__real_helper_ldmxcsr_x86_64");
void load_mxcsr(CpuRegisters* registers, uint32_t value) asm("__wrap_helper_ldmxcsr_x86_64");

void update_mxcsr(CpuRegisters* registers) {
  show_flags(registers);
  look_for_traps(mxcsr_of(registers), __builtin_return_address(0));
}

// An instruction that traps changes no register.
void before_arithmetic(CpuRegisters* registers) {
  show_flags(registers);
  for (size_t index = 0; index < vector_count; ++index)
    std::memcpy(running->vectors[index], at(registers, floating_layout.vectors + index * floating_layout.vector_size),
                sizeof running->vectors[0]);
}

void after_arithmetic(CpuRegisters* registers) {
  bool traps = (flags_of(registers) & shown_flags & unmasked(mxcsr_of(registers))) != 0;
  show_flags(registers);
  if (!traps) return;
  for (size_t index = 0; index < vector_count; ++index)
    std::memcpy(at(registers, floating_layout.vectors + index * floating_layout.vector_size), running->vectors[index],
                sizeof running->vectors[0]);
  constexpr int vector_exception = 19;
  raise_vector_exception(registers, vector_exception, 0, reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
}

void load_mxcsr(CpuRegisters* registers, uint32_t value) {
  flags_of(registers) = 0;
  real_load_mxcsr(registers, value);
  look_for_traps(value, __builtin_return_address(0));
}

// Estimates raise nothing, but Unicorn computes them by division.
using Unary = void(CpuRegisters*, void* to, void* from);
Unary real_rcpps asm("__real_helper_rcpps_x86_64"), real_rcpss asm("__real_helper_rcpss_x86_64");
Unary real_rsqrtps asm("__real_helper_rsqrtps_x86_64"), real_rsqrtss asm("__real_helper_rsqrtss_x86_64");
Unary rcpps asm("__wrap_helper_rcpps_x86_64"), rcpss asm("__wrap_helper_rcpss_x86_64");
Unary rsqrtps asm("__wrap_helper_rsqrtps_x86_64"), rsqrtss asm("__wrap_helper_rsqrtss_x86_64");

static void estimate(Unary* instruction, CpuRegisters* registers, void* to, void* from) {
  uint8_t flags = flags_of(registers);
  instruction(registers, to, from);
  flags_of(registers) = flags;
}
void rcpps(CpuRegisters* registers, void* to, void* from) { estimate(real_rcpps, registers, to, from); }
void rcpss(CpuRegisters* registers, void* to, void* from) { estimate(real_rcpss, registers, to, from); }
void rsqrtps(CpuRegisters* registers, void* to, void* from) { estimate(real_rsqrtps, registers, to, from); }
void rsqrtss(CpuRegisters* registers, void* to, void* from) { estimate(real_rsqrtss, registers, to, from); }

// ROUNDPS and its kin with bit 3 do not tell that the result is inexact.
using Round = void(CpuRegisters*, void* to, void* from, uint32_t mode);
Round real_roundps asm("__real_helper_roundps_xmm_x86_64"), real_roundpd asm("__real_helper_roundpd_xmm_x86_64");
Round real_roundss asm("__real_helper_roundss_xmm_x86_64"), real_roundsd asm("__real_helper_roundsd_xmm_x86_64");
Round roundps asm("__wrap_helper_roundps_xmm_x86_64"), roundpd asm("__wrap_helper_roundpd_xmm_x86_64");
Round roundss asm("__wrap_helper_roundss_xmm_x86_64"), roundsd asm("__wrap_helper_roundsd_xmm_x86_64");

static void round_as_told(Round* instruction, CpuRegisters* registers, void* to, void* from, uint32_t mode) {
  constexpr uint32_t is_silent = 8;
  uint8_t flags = flags_of(registers);
  instruction(registers, to, from, mode);
  if (mode & is_silent) flags_of(registers) &= static_cast<uint8_t>(flags | ~inexact);
}
void roundps(CpuRegisters* registers, void* to, void* from, uint32_t mode) { round_as_told(real_roundps, registers, to, from, mode); }
void roundpd(CpuRegisters* registers, void* to, void* from, uint32_t mode) { round_as_told(real_roundpd, registers, to, from, mode); }
void roundss(CpuRegisters* registers, void* to, void* from, uint32_t mode) { round_as_told(real_roundss, registers, to, from, mode); }
void roundsd(CpuRegisters* registers, void* to, void* from, uint32_t mode) { round_as_told(real_roundsd, registers, to, from, mode); }

}  // extern "C"

namespace {

using Function = void (*)();

template <size_t count>
std::array<Function, count> sorted(std::array<Function, count> functions) {
  std::ranges::sort(functions, std::less<>());
  return functions;
}

bool is_arithmetic(Function function) {
  static const auto all = sorted(std::to_array<Function>(
      {helper_addps_x86_64,       helper_addpd_x86_64,       helper_addss_x86_64,       helper_addsd_x86_64,       helper_subps_x86_64,
       helper_subpd_x86_64,       helper_subss_x86_64,       helper_subsd_x86_64,       helper_mulps_x86_64,       helper_mulpd_x86_64,
       helper_mulss_x86_64,       helper_mulsd_x86_64,       helper_divps_x86_64,       helper_divpd_x86_64,       helper_divss_x86_64,
       helper_divsd_x86_64,       helper_minps_x86_64,       helper_minpd_x86_64,       helper_minss_x86_64,       helper_minsd_x86_64,
       helper_maxps_x86_64,       helper_maxpd_x86_64,       helper_maxss_x86_64,       helper_maxsd_x86_64,       helper_sqrtps_x86_64,
       helper_sqrtpd_x86_64,      helper_sqrtss_x86_64,      helper_sqrtsd_x86_64,      helper_cmpeqps_x86_64,     helper_cmpeqpd_x86_64,
       helper_cmpeqss_x86_64,     helper_cmpeqsd_x86_64,     helper_cmpltps_x86_64,     helper_cmpltpd_x86_64,     helper_cmpltss_x86_64,
       helper_cmpltsd_x86_64,     helper_cmpleps_x86_64,     helper_cmplepd_x86_64,     helper_cmpless_x86_64,     helper_cmplesd_x86_64,
       helper_cmpunordps_x86_64,  helper_cmpunordpd_x86_64,  helper_cmpunordss_x86_64,  helper_cmpunordsd_x86_64,  helper_cmpneqps_x86_64,
       helper_cmpneqpd_x86_64,    helper_cmpneqss_x86_64,    helper_cmpneqsd_x86_64,    helper_cmpnltps_x86_64,    helper_cmpnltpd_x86_64,
       helper_cmpnltss_x86_64,    helper_cmpnltsd_x86_64,    helper_cmpnleps_x86_64,    helper_cmpnlepd_x86_64,    helper_cmpnless_x86_64,
       helper_cmpnlesd_x86_64,    helper_cmpordps_x86_64,    helper_cmpordpd_x86_64,    helper_cmpordss_x86_64,    helper_cmpordsd_x86_64,
       helper_addsubps_x86_64,    helper_addsubpd_x86_64,    helper_haddps_x86_64,      helper_haddpd_x86_64,      helper_hsubps_x86_64,
       helper_hsubpd_x86_64,      helper_ucomiss_x86_64,     helper_ucomisd_x86_64,     helper_comiss_x86_64,      helper_comisd_x86_64,
       helper_cvtps2pd_x86_64,    helper_cvtpd2ps_x86_64,    helper_cvtss2sd_x86_64,    helper_cvtsd2ss_x86_64,    helper_cvtdq2ps_x86_64,
       helper_cvtpi2ps_x86_64,    helper_cvtsi2ss_x86_64,    helper_cvtsq2ss_x86_64,    helper_cvtsq2sd_x86_64,    helper_cvtps2dq_x86_64,
       helper_cvtpd2dq_x86_64,    helper_cvtps2pi_x86_64,    helper_cvtpd2pi_x86_64,    helper_cvtss2si_x86_64,    helper_cvtsd2si_x86_64,
       helper_cvtss2sq_x86_64,    helper_cvtsd2sq_x86_64,    helper_cvttps2dq_x86_64,   helper_cvttpd2dq_x86_64,   helper_cvttps2pi_x86_64,
       helper_cvttpd2pi_x86_64,   helper_cvttss2si_x86_64,   helper_cvttsd2si_x86_64,   helper_cvttss2sq_x86_64,   helper_cvttsd2sq_x86_64,
       helper_roundps_xmm_x86_64, helper_roundpd_xmm_x86_64, helper_roundss_xmm_x86_64, helper_roundsd_xmm_x86_64, helper_dpps_xmm_x86_64,
       helper_dppd_xmm_x86_64}));
  return std::ranges::binary_search(all, function, std::less<>());
}

}  // namespace

void emit_floating_call(EmitCall emit, Translator* translator, Function function, Temporary* result, int count, Temporary** arguments) {
  auto around = [&](void (*what)(CpuRegisters*)) { emit(translator, reinterpret_cast<Function>(what), nullptr, 1, arguments); };
  bool stores = function == helper_fxsave_x86_64 || function == helper_xsave_x86_64 || function == helper_xsaveopt_x86_64;
  bool loads = function == helper_fxrstor_x86_64 || function == helper_xrstor_x86_64;
  bool traps = running && running->traps_floating && is_arithmetic(function);
  if (stores || loads) around(update_mxcsr);
  if (traps) around(before_arithmetic);
  emit(translator, function, result, count, arguments);
  if (traps) around(after_arithmetic);
  if (loads) around(update_mxcsr);
}

void emit_before_reading_mxcsr(EmitCall emit, Translator* translator, Temporary* registers) {
  emit(translator, reinterpret_cast<Function>(update_mxcsr), nullptr, 1, &registers);
}

}  // namespace halcyon::hal
