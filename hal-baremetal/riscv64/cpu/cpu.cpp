#include "hal-baremetal/riscv64/cpu/cpu.h"

#include <utility>

#include "core/base/types.h"
#include "hal-baremetal/common/panic.h"
#include "hal-baremetal/common/stacks.h"
#include "hal-baremetal/riscv64/cpu/csr.h"
#include "hal-baremetal/riscv64/cpu/sbi.h"
#include "hal-baremetal/riscv64/layout.h"
#include "hal-baremetal/riscv64/machine.h"
#include "hal/port.h"

extern "C" {
void riscv_enter_user(halcyon::hal::UserFrame* frame);
void riscv_trap_entry();
void riscv_save_floating_point(halcyon::hal::FloatingPoint* state);
void riscv_load_floating_point(const halcyon::hal::FloatingPoint* state);
}

namespace halcyon::hal {

using namespace riscv64;

void RiscvCpu::take_hart() {
  __asm__ volatile("mv tp, %0" : : "r"(static_cast<Cpu*>(this)));
  clear_scratch();
  set_trap_entry(riscv_trap_entry);
  clear_status(status::previous_supervisor | status::user_access | status::fp_mask);
  set_status(status::previous_interrupts);
  open_counters();
  announce_root(machine_.boot_root());
  flush_all();
  flush_code();
  enable_sources(interrupt::software | interrupt::external);
}

// --- running user code

void RiscvCpu::load_root(Root root) {
  announce_root(root);
  write_root(root);
}

// With interrupts masked. False: something is pending, and has not kept user code from running yet.
bool RiscvCpu::prepare_run(Root root) {
  if (has_pending()) [[unlikely]] {
    if (!std::exchange(was_starved_, true)) return false;
    // Twice in a row: a stream of kicks must not stop a program for good. It runs, for a moment.
    constexpr int64_t moment = 20'000;
    program_timer(read_time() + machine_.to_ticks(moment));
  }
  was_starved_ = false;
  if (loaded_root() != root) load_root(root);
  if (uint64_t generation = machine_.code_generation(); generation != code_seen_) [[unlikely]] {
    code_seen_ = generation;
    flush_code();
  }
  return true;
}

Trap RiscvCpu::run(UserContext& user, Root root) {
  auto& context = static_cast<RiscvContext&>(user);
  disable_interrupts();
  if (!prepare_run(root)) [[unlikely]] {
    enable_interrupts();
    return {.kind = Trap::Kind::interrupted};
  }
  if (unit_owner_ != &context || context.unit_ != this) give_unit(context);
  for (;;) {
    riscv_enter_user(&context.frame_);
    uint64_t cause = read_cause();
    if (cause == cause::user_call) [[likely]] {
      enable_interrupts();
      context.frame_.registers[0] += 4;
      return {.kind = Trap::Kind::syscall};
    }
    Trap trap = {.kind = Trap::Kind::interrupted};
    if (cause & cause::interrupt) {
      handle_interrupt(cause);
      if (!has_pending()) continue;
    } else if (cause == cause::illegal_instruction && (read_status() & status::fp_mask) == status::fp_off) {
      // Its first use of the unit, perhaps. If it is another instruction, it comes back.
      context.uses_floating_point_ = true;
      load_unit(context);
      continue;
    } else {
      trap = decode(cause);
    }
    enable_interrupts();
    return trap;
  }
}

Trap RiscvCpu::decode(uint64_t cause) const {
  Trap trap = {.kind = Trap::Kind::exception, .vector = static_cast<uint8_t>(cause), .address = read_trap_value()};
  switch (cause) {
    case cause::fetch_page: trap.kind = Trap::Kind::page_fault, trap.access = Access::execute; break;
    case cause::load_page: trap.kind = Trap::Kind::page_fault, trap.access = Access::read; break;
    case cause::store_page: trap.kind = Trap::Kind::page_fault, trap.access = Access::write; break;
    case cause::illegal_instruction: trap.exception = Exception::illegal_instruction; break;
    case cause::breakpoint: trap.exception = Exception::breakpoint; break;
    case cause::misaligned_fetch:
    case cause::misaligned_load:
    case cause::misaligned_store: trap.exception = Exception::misaligned; break;
    default: break;
  }
  return trap;
}

// --- the floating-point unit

// The unit goes to `context`; it is loaded only for programs that have used it. On a single CPU the core does not put contexts back when it
// switches, so what the last owner changed is saved now. On several, what was not put back belonged to a thread that is gone.
void RiscvCpu::give_unit(RiscvContext& context) {
  if (machine_.cpu_count() == 1 && unit_owner_) put_back(*unit_owner_);
  unit_owner_ = nullptr;
  if (context.uses_floating_point_) load_unit(context);
  else set_floating_point(status::fp_off);
}

void RiscvCpu::load_unit(RiscvContext& context) {
  set_floating_point(status::fp_dirty);
  riscv_load_floating_point(&context.floating_point_);
  set_floating_point(status::fp_clean);
  unit_owner_ = &context;
  context.unit_ = this;
}

void RiscvCpu::put_back(UserContext& user) {
  auto& context = static_cast<RiscvContext&>(user);
  // What the context last had on another CPU was put back when its thread left that one.
  if (this != this_bare_cpu() || unit_owner_ != &context || context.unit_ != this) return;
  if ((read_status() & status::fp_mask) != status::fp_dirty) return;
  riscv_save_floating_point(&context.floating_point_);
  set_floating_point(status::fp_clean);
}

// Another CPU's unit_owner_ may go on naming the context, but the context does not name that CPU any more.
void RiscvCpu::forget_floating_point(RiscvContext& context) {
  context.unit_ = nullptr;
  if (this != this_bare_cpu() || unit_owner_ != &context) return;
  unit_owner_ = nullptr;
  set_floating_point(status::fp_off);
}

// --- translations

void RiscvCpu::flush_local(uint64_t address) { flush_page(address); }

void RiscvCpu::carry_out(const CrossCall& call) {
  constexpr uint64_t many_pages = 32;
  switch (call.kind) {
    case CrossCall::Kind::flush:
      if ((call.end - call.start) / page_size > many_pages) return flush_all();
      for (uint64_t address = call.start; address < call.end; address += page_size) flush_page(address);
      return;
    case CrossCall::Kind::leave_root:
      if (loaded_root() == call.root) load_root(machine_.boot_root());
      return;
    case CrossCall::Kind::forget_code: return flush_code();
  }
}

// --- time and interrupts

void RiscvCpu::set_deadline(int64_t time) {
  disable_interrupts();
  deadline_ = time == never ? no_time : machine_.ticks_at(time);
  if (deadline_ <= read_time()) {
    deadline_ = no_time;
    raise(pending::deadline);
  } else if (deadline_ < programmed_) {
    program_timer(deadline_);
  }
  enable_interrupts();
}

void RiscvCpu::program_timer(uint64_t ticks) {
  if (ticks >= programmed_) return;
  programmed_ = ticks;
  sbi::set_timer(ticks);
  enable_sources(interrupt::timer);
}

void RiscvCpu::timer_fired() {
  programmed_ = no_time;
  if (deadline_ <= read_time()) {
    deadline_ = no_time;
    raise(pending::deadline);
  }
  if (deadline_ == no_time) disable_sources(interrupt::timer);
  else program_timer(deadline_);
}

void RiscvCpu::send_interrupt() { sbi::send_interrupt(hart_); }

void RiscvCpu::handle_interrupt(uint64_t cause) {
  switch (cause) {
    case cause::timer: return timer_fired();
    case cause::software:
      clear_software_interrupt();
      if (machine_.is_stopping()) [[unlikely]]
        for (;;) wait_for_interrupt();
      return answer_calls();
    case cause::external: machine_.dispatch_device_interrupts(); return raise(pending::event);
    default: panic("an interrupt without a source", __FILE__, __LINE__);
  }
}

// --- traps in kernel mode

namespace {

std::string_view name_of(uint64_t cause) {
  switch (cause) {
    case cause::misaligned_fetch: return "misaligned fetch in the kernel";
    case cause::fetch_access: return "fetch access fault in the kernel";
    case cause::illegal_instruction: return "illegal instruction in the kernel";
    case cause::breakpoint: return "breakpoint in the kernel";
    case cause::misaligned_load: return "misaligned load in the kernel";
    case cause::load_access: return "load access fault in the kernel";
    case cause::misaligned_store: return "misaligned store in the kernel";
    case cause::store_access: return "store access fault in the kernel";
    case cause::fetch_page: return "page fault by a fetch in the kernel";
    case cause::load_page: return "page fault by a load in the kernel";
    case cause::store_page: return "page fault by a store in the kernel";
    default: return "unknown trap in the kernel";
  }
}

bool is_below_stack(uint64_t sp) { return sp < stack_bottom(sp) + sizeof(TrapFrame); }

}  // namespace

extern "C" void riscv_kernel_trap(TrapFrame* frame) {
  if (frame->cause & cause::interrupt) return static_cast<RiscvCpu*>(this_bare_cpu())->handle_interrupt(frame->cause);
  std::string_view what = is_below_stack(frame->registers[2]) ? "kernel stack overflow" : name_of(frame->cause);
  panic_at_trap(what, *frame, frame->registers[0], frame->registers[8]);
}

void print_registers(Writer& out, const TrapFrame& frame) {
  static constexpr const char* names[32] = {"pc", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                            "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                            "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
  for (size_t index = 0; index < frame.registers.size(); ++index)
    print(out, "  {:>3} {:016x}{}", names[index], frame.registers[index], index % 4 == 3 ? "\n" : "");
  print(out, "  cause {:#x}, value {:#018x}, status {:#018x}\n", frame.cause, frame.value, frame.status);
}

uint64_t frame_link_address(uint64_t frame_pointer) { return frame_pointer - sizeof(FrameLink); }

FrameLink read_frame_link(uint64_t address) { return *reinterpret_cast<const FrameLink*>(address); }

}  // namespace halcyon::hal
