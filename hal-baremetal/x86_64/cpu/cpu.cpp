#include "hal-baremetal/x86_64/cpu/cpu.h"

#include <utility>

#include "core/base/types.h"
#include "hal-baremetal/common/panic.h"
#include "hal-baremetal/common/stacks.h"
#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal-baremetal/x86_64/layout.h"
#include "hal-baremetal/x86_64/machine.h"
#include "hal/port.h"

extern "C" {
void x86_enter_user();
void x86_leave_call();
}

namespace halcyon::hal {

using namespace x86_64;

void X86Cpu::take_cpu() {
  tables_.cpu = this;
  set_cpu_number(tables_, id());
  constexpr uint32_t smep = 1 << 7, smap = 1 << 20, fs_gs_base = 1, user_mode_ip = 1 << 2;
  CpuidResult structured = cpuid(0).eax >= 7 ? cpuid(7) : CpuidResult{};
  has_base_instructions_ = structured.ebx & fs_gs_base;
  write_cr4(read_cr4() | cr4::machine_check | (structured.ebx & fs_gs_base ? cr4::fs_gs_base : 0) |
            (structured.ebx & smep ? cr4::smep : 0) | (structured.ebx & smap ? cr4::smap : 0) |
            (structured.ecx & user_mode_ip ? cr4::user_mode_ip : 0));
  enable_floating_point();
  turn_off_floating_point();
  announce_root(machine_.boot_root());
  write_root(machine_.boot_root());
  flush_all();
  machine_.apic().start_cpu();
}

// --- running user code

void X86Cpu::load_root(Root root) {
  announce_root(root);
  write_root(root);
}

// With interrupts masked. False, and interrupts on: something is pending, and has not kept user code from running yet.
bool X86Cpu::prepare_run(X86Context& context, Root root, Trap* trap) {
  if (has_pending()) {
    if (!std::exchange(was_starved_, true)) {
      enable_interrupts();
      trap->kind = Trap::Kind::interrupted;
      return false;
    }
    // Twice in a row: a stream of kicks must not stop a program for good. It runs, for a moment.
    constexpr int64_t moment = 20'000;
    program_timer(read_tsc() + machine_.clock().ticks_at(moment));
  }
  if (loaded_root() != root) load_root(root);
  if (!owns_unit(context)) give_unit(context);
  return true;
}

namespace {

bool is_canonical(uint64_t address) { return static_cast<uint64_t>(static_cast<int64_t>(address << 16) >> 16) == address; }

// Runs user code until its next trap. No register is kept, since a caller has few to save.
template <void (*Entry)()>
[[gnu::always_inline]] inline void enter_user(TrapFrame& frame) {
  TrapFrame* argument = &frame;
  __asm__ volatile("call %P1"
                   : "+D"(argument)
                   : "i"(Entry)
                   : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

}  // namespace

Trap X86Cpu::run(UserContext& user, Root root) {
  auto& context = static_cast<X86Context&>(user);
  TrapFrame& frame = context.frame_;
  Trap trap = {.kind = Trap::Kind::syscall};
  disable_interrupts();
  if (has_pending() || loaded_root() != root || !owns_unit(context)) [[unlikely]] {
    if (!prepare_run(context, root, &trap)) return trap;
  }
  was_starved_ = false;
  bool leaves_call = frame[TrapFrame::vector] == TrapFrame::system_call;
  if (leaves_call) [[likely]]
    enter_user<x86_leave_call>(frame);
  else if (is_canonical(frame[TrapFrame::rip])) enter_user<x86_enter_user>(frame);
  else frame[TrapFrame::vector] = vector::protection;  // IRET to there would fault in the kernel
  if (frame[TrapFrame::vector] != TrapFrame::system_call) [[unlikely]]
    context.unit_->find_trap(context, &trap, leaves_call);
  enable_interrupts();
  return trap;
}

// What user code stopped for if not for a system call, perhaps only after it has gone on for a while. With interrupts masked.
void X86Cpu::find_trap(X86Context& context, Trap* trap, bool has_left_call) {
  TrapFrame& frame = context.frame_;
  if (has_left_call && frame[TrapFrame::vector] == vector::debug && (read_debug_status() & debug_status::single_step)) {
    // SYSRET with the trap flag set traps before the next instruction, of which the program shall not hear; IRET behind it.
    clear_debug_status();
    enter_user<x86_enter_user>(frame);
  }
  for (uint64_t number; (number = frame[TrapFrame::vector]) != TrapFrame::system_call; enter_user<x86_enter_user>(frame)) {
    if (number == vector::no_fpu && is_floating_point_off_) {
      context.uses_floating_point_ = true;
      load_unit(context);
    } else if (number < first_interrupt) {
      *trap = decode(frame);
      return;
    } else {
      handle_interrupt(static_cast<unsigned>(number));
      if (!has_pending()) continue;
      trap->kind = Trap::Kind::interrupted;
      return;
    }
  }
}

Trap X86Cpu::decode(const TrapFrame& frame) const {
  auto number = static_cast<uint8_t>(frame[TrapFrame::vector]);
  auto code = static_cast<uint16_t>(frame[TrapFrame::error]);
  Trap trap = {.kind = Trap::Kind::exception, .vector = number, .error_code = code};
  switch (number) {
    case vector::page_fault: {
      trap.kind = Trap::Kind::page_fault;
      trap.access = code & page_fault_code::fetch ? Access::execute : code & page_fault_code::write ? Access::write : Access::read;
      trap.address = read_cr2();
      break;
    }
    case vector::debug:
      // INT1 leaves no bit.
      trap.exception = read_debug_status() & debug_status::single_step ? Exception::single_step : Exception::breakpoint;
      clear_debug_status();
      break;
    case vector::divide_error: trap.exception = Exception::divide; break;
    case vector::breakpoint: trap.exception = Exception::int3; break;
    case vector::invalid_opcode: trap.exception = Exception::illegal_operand; break;
    case vector::segment_missing:
    case vector::stack_fault: trap.exception = Exception::segment; break;
    case vector::protection: trap.exception = Exception::protection; break;
    case vector::fpu_error:
    case vector::vector_error:
      trap.exception = Exception::floating_point;
      trap.floating_fault = floating_fault(number == vector::fpu_error ? x87_exceptions() : vector_exceptions());
      break;
    case vector::misaligned: trap.exception = Exception::misaligned; break;
    default: break;
  }
  return trap;
}

// --- floating point and segment bases

void X86Cpu::turn_off_floating_point() {
  if (!std::exchange(is_floating_point_off_, true)) write_cr0(read_cr0() | cr0::task_switched);
}

void X86Cpu::turn_on_floating_point() {
  is_floating_point_off_ = false;
  allow_floating_point();
}

// The CPU goes to `context`; the floating-point state is loaded only for programs that have used it. On a single CPU the core does not put
// contexts back when it switches, so what the last owner changed is saved now. On several, what was not put back belonged to a thread that
// is gone.
void X86Cpu::give_unit(X86Context& context) {
  if (machine_.cpu_count() == 1 && unit_owner_) put_back(*unit_owner_);
  if (has_base_instructions_) write_fs_base(context.fs_base_);
  else write_msr(msr::fs_base, context.fs_base_);
  write_msr(msr::kernel_gs_base, context.gs_base_);
  unit_owner_ = &context;
  context.unit_ = this;
  tables_.frame = &context.frame_;
  tables_.task.sp[0] = reinterpret_cast<uint64_t>(&context.frame_ + 1);
  if (context.forbids_time_stamps() != are_time_stamps_off_) [[unlikely]]
    turn_time_stamps(context.forbids_time_stamps());
  if (context.uses_floating_point_) load_unit(context);
  else turn_off_floating_point();
}

void X86Cpu::turn_time_stamps(bool off) {
  write_cr4(off ? read_cr4() | cr4::time_stamp_disable : read_cr4() & ~cr4::time_stamp_disable);
  are_time_stamps_off_ = off;
}

void X86Cpu::load_unit(X86Context& context) {
  turn_on_floating_point();
  load_floating_point(context.floating_point_);
}

// User code changes the bases only by the instructions for it: the kernel does it in the context.
void X86Cpu::put_back(UserContext& user) {
  auto& context = static_cast<X86Context&>(user);
  if (!holds(context)) return;
  if (has_base_instructions_) {
    context.fs_base_ = read_fs_base();
    context.gs_base_ = read_msr(msr::kernel_gs_base);
  }
  if (!is_floating_point_off_) save_floating_point(&context.floating_point_);
}

// What the context last had on another CPU was put back when its thread left that one.
bool X86Cpu::holds(const X86Context& context) const { return this == this_bare_cpu() && owns_unit(context); }

bool X86Cpu::save_unit(X86Context& context, std::span<std::byte> image) const {
  if (is_floating_point_off_) return false;
  if (save_image_of_cpu(image)) return true;
  save_floating_point(&context.floating_point_);
  return false;
}

void X86Cpu::load_initial_unit() {
  if (!is_floating_point_off_) load_initial_floating_point();
}

// Another CPU's unit_owner_ may go on naming the context, but the context does not name that CPU any more.
void X86Cpu::forget(X86Context& context) {
  context.unit_ = nullptr;
  if (this == this_bare_cpu() && unit_owner_ == &context) unit_owner_ = nullptr;
}

// --- translations

void X86Cpu::flush_local(uint64_t address) { flush_page(address); }

void X86Cpu::carry_out(const CrossCall& call) {
  constexpr uint64_t many_pages = 32;
  switch (call.kind) {
    case CrossCall::Kind::flush:
      if ((call.end - call.start) / page_size > many_pages) return call.start >= direct_map_start ? flush_all() : flush_user();
      for (uint64_t address = call.start; address < call.end; address += page_size) flush_page(address);
      return;
    case CrossCall::Kind::leave_root:
      if (loaded_root() == call.root) load_root(machine_.boot_root());
      return;
    case CrossCall::Kind::forget_code: return;
  }
}

// --- time and interrupts

void X86Cpu::set_deadline(int64_t time) {
  disable_interrupts();
  deadline_ = time == never ? no_time : machine_.clock().ticks_at(time);
  if (deadline_ <= read_tsc()) {
    deadline_ = no_time;
    raise(pending::deadline);
  } else if (deadline_ < programmed_) {
    program_timer(deadline_);
  }
  enable_interrupts();
}

void X86Cpu::program_timer(uint64_t ticks) {
  if (ticks >= programmed_) return;
  programmed_ = ticks;
  machine_.apic().set_timer(ticks);
}

void X86Cpu::timer_fired() {
  programmed_ = no_time;
  if (deadline_ <= read_tsc()) {
    deadline_ = no_time;
    raise(pending::deadline);
  }
  if (deadline_ != no_time) program_timer(deadline_);
}

void X86Cpu::send_interrupt() { machine_.apic().send(apic_, call_vector); }

void X86Cpu::handle_interrupt(unsigned number) {
  LocalApic& apic = machine_.apic();
  switch (number) {
    case timer_vector: apic.end_interrupt(); return timer_fired();
    case call_vector:
      apic.end_interrupt();
      if (machine_.is_stopping()) [[unlikely]]
        for (;;) halt_cpu();
      return answer_calls();
    case spurious_vector: return;
    default: break;
  }
  if (number < device_vectors) return;  // the old controllers', spurious
  machine_.dispatch_device_interrupt(number);
  apic.end_interrupt();
  raise(pending::event);
}

// --- traps in kernel mode

namespace {

std::string_view name_of(uint64_t number) {
  switch (number) {
    case vector::divide_error: return "division error in the kernel";
    case vector::debug: return "debug exception in the kernel";
    case vector::nmi: return "non-maskable interrupt";
    case vector::breakpoint: return "breakpoint in the kernel";
    case vector::invalid_opcode: return "invalid instruction in the kernel";
    case vector::no_fpu: return "floating point in the kernel";
    case vector::double_fault: return "double fault";
    case vector::protection: return "protection fault in the kernel";
    case vector::page_fault: return "page fault in the kernel";
    case vector::machine_check: return "machine check";
    default: return "unknown trap in the kernel";
  }
}

// A stack that is full leads to a double fault, because the CPU cannot store the page fault's frame on it.
bool is_stack_overflow(const TrapFrame& frame, uint64_t address) {
  if (frame[TrapFrame::vector] != vector::page_fault && frame[TrapFrame::vector] != vector::double_fault) return false;
  bool is_in_slot = address >= stack_area_start && address - stack_area_start < stack_area_size;
  return (is_in_slot || KernelTables::is_boot_stack_guard(address)) && address < stack_bottom(address);
}

}  // namespace

extern "C" void x86_kernel_trap(TrapFrame* frame) {
  uint64_t number = (*frame)[TrapFrame::vector];
  if (number >= first_interrupt) return static_cast<X86Cpu*>(this_bare_cpu())->handle_interrupt(static_cast<unsigned>(number));
  std::string_view what = is_stack_overflow(*frame, read_cr2()) ? "kernel stack overflow" : name_of(number);
  panic_at_trap(what, *frame, (*frame)[TrapFrame::rip], (*frame)[TrapFrame::rbp]);
}

void print_registers(Writer& out, const TrapFrame& frame) {
  using enum TrapFrame::Slot;
  struct Named {
    const char* name;
    TrapFrame::Slot slot;
  };
  static constexpr Named order[] = {{"rip", rip}, {"rsp", rsp}, {"rbp", rbp}, {"rax", rax}, {"rbx", rbx}, {"rcx", rcx},
                                    {"rdx", rdx}, {"rsi", rsi}, {"rdi", rdi}, {"r8", r8},   {"r9", r9},   {"r10", r10},
                                    {"r11", r11}, {"r12", r12}, {"r13", r13}, {"r14", r14}, {"r15", r15}, {"cs", cs}};
  for (size_t index = 0; index < std::size(order); ++index)
    print(out, "  {:>3} {:016x}{}", order[index].name, frame[order[index].slot], index % 4 == 3 ? "\n" : "");
  print(out, "\n  vector {}, error {:#x}, flags {:#x}, cr2 {:#018x}, cr3 {:#x}\n", frame[vector], frame[error], frame[flags], read_cr2(),
        read_cr3());
}

uint64_t frame_link_address(uint64_t frame_pointer) { return frame_pointer; }

FrameLink read_frame_link(uint64_t address) { return *reinterpret_cast<const FrameLink*>(address); }

}  // namespace halcyon::hal
