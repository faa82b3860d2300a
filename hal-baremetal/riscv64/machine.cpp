#include "hal-baremetal/riscv64/machine.h"

#include <new>

#include "core/base/assert.h"
#include "core/base/types.h"
#include "hal-baremetal/common/boot/boot_memory.h"
#include "hal-baremetal/drivers/sifive_test.h"
#include "hal-baremetal/riscv64/cpu/csr.h"
#include "hal-baremetal/riscv64/cpu/sbi.h"
#include "hal/port.h"
#include "hal/vdso_clock.h"

extern "C" char riscv_start_other[];

namespace halcyon::hal {

using namespace riscv64;

namespace {

// What a hart that begins finds (boot.S).
struct HartStart {
  uint64_t satp, sp, tp;
  RiscvCpu* cpu;
  void (*entry)(void*);
  void* argument;
};

}  // namespace

extern "C" {
constinit HartStart riscv_hart_start{};
}

namespace {

constexpr uint64_t second = 1'000'000'000;

}  // namespace

RiscvMachine::RiscvMachine(const RiscvParts& parts)
    : BareMachine(*parts.serial), parts_(parts), multiplier_((second << shift_) / parts.timebase) {
  sbi::CpuIds ids = sbi::cpu_ids();
  cpu_info_.riscv64 = {
      .vendor = ids.vendor, .architecture = ids.architecture, .implementation = ids.implementation, .time_frequency = parts.timebase};
  if (parts.realtime == 0) return;
  int64_t then = static_cast<int64_t>(static_cast<unsigned __int128>(parts.realtime_at) * multiplier_ >> shift_);
  realtime_offset_ = parts.realtime - then;
}

void RiscvMachine::add_hart(uint64_t hart) {
  if (cpu_count() < max_cpus) add_cpu(make_for_boot<RiscvCpu>(*this, cpu_count(), hart));
}

// --- time

int64_t RiscvMachine::monotonic_time() { return static_cast<int64_t>(static_cast<unsigned __int128>(read_time()) * multiplier_ >> shift_); }

void RiscvMachine::keep_vdso_data(VdsoData* data) {
  if (!data) return;
  publish(*data, {.counter = Counter::time, .multiplier = multiplier_ << (32 - shift_)});
  change_realtime(*data, realtime_offset_);
}

uint64_t RiscvMachine::ticks_at(int64_t time) const {
  if (time <= 0) return 0;
  uint64_t whole = static_cast<uint64_t>(time) / multiplier_, rest = static_cast<uint64_t>(time) % multiplier_;
  return (whole << shift_) + ((rest << shift_) + multiplier_ - 1) / multiplier_;
}

uint64_t RiscvMachine::to_ticks(int64_t nanoseconds) const { return ticks_at(nanoseconds); }

// --- user code

std::unique_ptr<UserContext> RiscvMachine::new_context() { return std::unique_ptr<UserContext>(new (std::nothrow) RiscvContext); }

// Other CPUs look at the generation when they next enter user mode; those that may be there with the same tables now are told.
void RiscvMachine::sync_code(uint64_t) {
  code_generation_.fetch_add(1, std::memory_order_seq_cst);
  flush_code();
  call_sharers(CrossCall::Kind::forget_code);
}

// --- CPUs

void RiscvMachine::start_cpu(unsigned id, void (*entry)(void*), void* argument) {
  auto& cpu = static_cast<RiscvCpu&>(bare_cpu(id));
  KernelStack stack = allocate_stack();
  if (!stack.base) panic("no memory for a CPU's stack", __FILE__, __LINE__);
  riscv_hart_start = {.satp = sv39 | boot_root() >> page_shift,
                      .sp = reinterpret_cast<uint64_t>(stack.base) + stack.size,
                      .tp = reinterpret_cast<uint64_t>(static_cast<Cpu*>(&cpu)),
                      .cpu = &cpu,
                      .entry = entry,
                      .argument = argument};
  std::atomic_thread_fence(std::memory_order_seq_cst);
  auto physical = [](const void* object) { return reinterpret_cast<uint64_t>(object) - image_offset; };
  sbi::Outcome outcome = sbi::start_hart(cpu.hart(), physical(riscv_start_other), physical(&riscv_hart_start));
  if (outcome.error != 0) panic("the firmware does not start a hart", __FILE__, __LINE__);
  // Much, because an emulator's other threads may have to wait for their turn.
  uint64_t patience = read_time() + ticks_at(30 * second);
  while (!cpu.is_online()) {
    if (read_time() > patience) panic("a hart does not come", __FILE__, __LINE__);
    spin_pause();
  }
}

extern "C" void riscv_other_started() {
  HartStart start = riscv_hart_start;
  start.cpu->take_hart();
  start.cpu->set_online();
  enable_interrupts();
  start.entry(start.argument);
}

void RiscvMachine::dispatch_device_interrupts() {
  if (parts_.plic) parts_.plic->dispatch();
}

// --- the end

void RiscvMachine::power_off(bool is_failure) {
  if (parts_.test_device) finish_test(*parts_.test_device, is_failure);
  sbi::reset(sbi::Reset::shut_down, is_failure);
}

void RiscvMachine::restart() { sbi::reset(sbi::Reset::cold_reboot, false); }

}  // namespace halcyon::hal
