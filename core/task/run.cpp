// The loop that every user thread lives in, and what becomes of its traps.
#include "core/task/kernel.h"
#include "core/task/process/process.h"
#include "core/task/thread.h"

namespace halcyon {

void Thread::run_user() {
  for (;;) {
    hal::Cpu& cpu = hal::this_cpu();
    if (pending_work() != 0 || cpu.per_cpu->must_reschedule) [[unlikely]] {
      before_user_mode();
      if (is_dying()) return;
      continue;  // on another CPU, perhaps
    }
    hal::Trap trap = cpu.run(*context_, resources_.memory->root());
    if (--traps_to_sample_ == 0) [[unlikely]]
      handle_sampled_trap(trap);
    else if (trap.kind == hal::Trap::Kind::syscall) [[likely]] handle_syscall();
    else handle_trap(trap);
  }
}

// What has to happen before user code runs on. Leaves early when the thread is to die.
void Thread::before_user_mode() {
  for (;;) {
    uint32_t pending = pending_work();
    if (pending & work::die) return;
    if (halcyon::per_cpu().must_reschedule) {
      involuntary_switches.fetch_add(1, std::memory_order_relaxed);
      yield();
      note_interruption();
      continue;
    }
    if (pending & work::stop) stop_here();
    else if (pending & work::async) send_async_signals();
    else if (pending & work::signal) deliver_signals();
    else if (pending & work::reschedule) clear_work(work::reschedule), yield();
    else if (pending & work::sequence) leave_sequence(*this);
    else return;
  }
}

void Thread::send_async_signals() {
  clear_work(work::async);
  kernel().async_files().send(kernel());
  kernel().notifications().send_signals(kernel());
}

void Thread::handle_syscall() {
  halcyon::per_cpu().counters.system_calls.add();
  kernel().personality().syscall(*this);
}

namespace {

int code_of(hal::FloatingFault fault) {
  switch (fault) {
    case hal::FloatingFault::divide: return si_code::fpe_float_divide;
    case hal::FloatingFault::overflow: return si_code::fpe_overflow;
    case hal::FloatingFault::underflow: return si_code::fpe_underflow;
    case hal::FloatingFault::inexact: return si_code::fpe_inexact;
    default: return si_code::fpe_invalid;
  }
}

}  // namespace

void Thread::handle_trap(const hal::Trap& trap) {
  switch (trap.kind) {
    case hal::Trap::Kind::syscall: handle_syscall(); return;
    case hal::Trap::Kind::page_fault:
      halcyon::per_cpu().counters.page_faults.add();
      handle_fault(trap);
      return;
    case hal::Trap::Kind::interrupted:
      halcyon::per_cpu().counters.interrupts.add();
      account();
      kernel().drain_pending();
      if (process_->has_cpu_timers.load(std::memory_order_relaxed)) expire_cpu_timers(*process_);
      return;
    case hal::Trap::Kind::exception: raise_exception(trap); return;
  }
}

void Thread::raise_exception(const hal::Trap& trap) {
  SignalInfo info;
  last_fault.vector = trap.vector;
  last_fault.error_code = trap.error_code;
  info.address = context_->get(hal::Reg::pc);
  switch (trap.exception) {
    case hal::Exception::illegal_instruction: info.number = sig::ill, info.code = si_code::ill_opcode; break;
    case hal::Exception::illegal_operand: info.number = sig::ill, info.code = si_code::ill_operand; break;
    case hal::Exception::breakpoint: info.number = sig::trap, info.code = si_code::trap_breakpoint; break;
    case hal::Exception::int3: info.number = sig::trap, info.code = si_code::kernel, info.address = 0; break;
    case hal::Exception::single_step: info.number = sig::trap, info.code = si_code::trap_trace; break;
    case hal::Exception::divide: info.number = sig::fpe, info.code = si_code::fpe_divide; break;
    case hal::Exception::floating_point: info.number = sig::fpe, info.code = code_of(trap.floating_fault); break;
    case hal::Exception::segment: info.number = sig::bus, info.code = si_code::kernel, info.address = 0; break;
    case hal::Exception::misaligned: info.number = sig::bus, info.code = si_code::bus_alignment, info.address = trap.address; break;
    case hal::Exception::protection:
    case hal::Exception::other: info.number = sig::segv, info.code = si_code::kernel, info.address = 0; break;
  }
  force_signal(info);
}

void Thread::handle_fault(const hal::Trap& trap) {
  uint64_t switches = voluntary_switches.load(std::memory_order_relaxed);
  auto result = memory().fault(trap.address, trap.access);
  if (voluntary_switches.load(std::memory_order_relaxed) != switches) note_interruption();
  if (result) {
    minor_faults.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  last_fault = {trap.vector, trap.error_code, trap.address};
  SignalInfo info;
  info.address = trap.address;
  switch (result.error()) {
    case Errno::acces: info.number = sig::segv, info.code = si_code::segv_access; break;
    case Errno::io: info.number = sig::bus, info.code = si_code::bus_address; break;
    case Errno::nomem:
      // Linux would kill somebody for memory; the one who asked is the one whose death surely helps.
      info.number = sig::kill, info.code = si_code::kernel;
      kernel().note_death(*this, info);
      break;
    default: info.number = sig::segv, info.code = si_code::segv_unmapped; break;
  }
  force_signal(info);
}

}  // namespace halcyon
