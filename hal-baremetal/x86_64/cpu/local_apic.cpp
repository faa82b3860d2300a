#include "hal-baremetal/x86_64/cpu/local_apic.h"

#include <algorithm>

#include "core/base/types.h"
#include "hal-baremetal/x86_64/cpu/instructions.h"
#include "hal-baremetal/x86_64/layout.h"

namespace halcyon::hal::x86_64 {
namespace {

constexpr uint64_t enabled = 1 << 11, as_msrs = 1 << 10, base_mask = 0x000f'ffff'ffff'f000;
constexpr uint32_t first_msr = 0x800;
constexpr uint32_t masked = 1 << 16, by_tsc = 2 << 17, software_enabled = 1 << 8, divide_by_1 = 0xb;
constexpr uint32_t is_pending = 1 << 12, assert_level = 1 << 14, init_mode = 5 << 8, startup_mode = 6 << 8;

}  // namespace

bool LocalApic::initialize(KernelTables& tables) {
  constexpr uint32_t has_apic = 1 << 9, tsc_deadline = 1 << 24;
  CpuidResult features = cpuid(1);
  if (!(features.edx & has_apic)) return false;
  has_tsc_deadline_ = features.ecx & tsc_deadline;
  uint64_t base = read_msr(msr::apic_base);
  uses_msrs_ = base & as_msrs;
  if (uses_msrs_) return true;
  uint64_t address = base & base_mask;
  if (!tables.map_device(address, page_size)) return false;
  memory_ = reinterpret_cast<volatile uint32_t*>(direct_map_start + address);
  return true;
}

uint32_t LocalApic::read(Register which) const {
  return uses_msrs_ ? static_cast<uint32_t>(read_msr(first_msr + which / 16)) : memory_[which / sizeof(uint32_t)];
}

void LocalApic::write(Register which, uint32_t value) {
  if (uses_msrs_) write_msr(first_msr + which / 16, value);
  else memory_[which / sizeof(uint32_t)] = value;
}

void LocalApic::start_cpu() {
  uint64_t base = read_msr(msr::apic_base), wanted = base | enabled | (uses_msrs_ ? as_msrs : 0);
  if (wanted != base) write_msr(msr::apic_base, wanted);
  write(task_priority, 0);
  write(line0, masked);
  write(line1, masked);
  write(spurious, software_enabled | spurious_vector);
  write(timer_divide, divide_by_1);
  write(timer, timer_vector | (has_tsc_deadline_ ? by_tsc : 0));
  // The timer's mode must have changed before its first deadline is written.
  if (has_tsc_deadline_) __asm__ volatile("mfence" : : : "memory");
}

uint32_t LocalApic::id() const { return uses_msrs_ ? read(identity) : read(identity) >> 24; }

void LocalApic::command(uint32_t apic, uint32_t what) {
  if (uses_msrs_) {
    __asm__ volatile("mfence" : : : "memory");  // what was stored before is seen by the other CPU
    return write_msr(first_msr + command_low / 16, uint64_t{apic} << 32 | what);
  }
  // An interrupt's handler that sends between the two would change the addressee.
  uint64_t flags;
  __asm__ volatile("pushfq\n popq %0\n cli" : "=r"(flags) : : "memory");
  while (read(command_low) & is_pending) __asm__ volatile("pause");
  write(command_high, apic << 24);
  write(command_low, what);
  if (flags & flag::interrupts) enable_interrupts();
}

void LocalApic::send_init(uint32_t apic) { command(apic, init_mode | assert_level); }

void LocalApic::send_startup(uint32_t apic, uint64_t page) {
  command(apic, startup_mode | assert_level | static_cast<uint32_t>(page >> page_shift));
}

void LocalApic::set_timer(uint64_t ticks) {
  if (has_tsc_deadline_) return write_msr(msr::tsc_deadline, ticks);
  uint64_t now = read_tsc();
  unsigned __int128 count = static_cast<unsigned __int128>(ticks > now ? ticks - now : 0) * speed_ >> 32;
  write(timer_initial, static_cast<uint32_t>(std::min<unsigned __int128>(count, ~uint32_t{0} - 1)) + 1);
}

void LocalApic::start_counting() {
  write(timer_divide, divide_by_1);
  write(timer, masked | timer_vector);
  write(timer_initial, ~uint32_t{0});
}

}  // namespace halcyon::hal::x86_64
