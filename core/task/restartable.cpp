#include "core/task/restartable.h"

#include "core/mm/user_memory.h"
#include "core/task/thread.h"
#include "hal/port.h"

namespace halcyon {
namespace {

// struct rseq.
constexpr UserAddr cpu_offset = 0, sequence_offset = 8;
struct CpuNumbers {
  uint32_t start;  // always a valid number
  uint32_t now;    // ~0 while nothing is registered
};

// struct rseq_cs.
struct Sequence {
  uint32_t version;
  uint32_t flags;
  uint64_t start;
  uint64_t length;
  uint64_t abort;
};
static_assert(sizeof(Sequence) == 32);

Result<> put_cpu(Thread& self, CpuNumbers numbers) {
  return put_user(self.memory(), UserPtr<CpuNumbers>(self.restartable.address + cpu_offset), numbers);
}

// The descriptor that the area points to; EINVAL if it makes no sense.
Result<Sequence> get_sequence(Thread& self, UserAddr address) {
  AddressSpace& memory = self.memory();
  Sequence sequence = TRY(get_user(memory, UserPtr<const Sequence>(address)));
  uint64_t end, limit = memory.layout().user_end;
  if (__builtin_add_overflow(sequence.start, sequence.length, &end)) return err::inval;
  if (sequence.start >= limit || end >= limit || sequence.abort >= limit || sequence.version > 0 || sequence.flags != 0) return err::inval;
  if (sequence.abort - sequence.start < sequence.length) return err::inval;  // the abort code is part of what it aborts
  uint32_t signature = TRY(get_user(memory, UserPtr<const uint32_t>(sequence.abort - sizeof signature)));
  if (signature != self.restartable.signature) return err::inval;
  return sequence;
}

Result<> move_out(Thread& self) {
  UserPtr<uint64_t> pointer(self.restartable.address + sequence_offset);
  uint64_t address = TRY(get_user(self.memory(), pointer));
  if (address == 0) return {};
  Sequence sequence = TRY(get_sequence(self, address));
  TRY(put_user(self.memory(), pointer, uint64_t{0}));
  uint64_t pc = self.context().get(hal::Reg::pc);
  if (pc - sequence.start < sequence.length) self.context().set(hal::Reg::pc, sequence.abort);
  return {};
}

Result<> update_cpu(Thread& self) {
  uint32_t cpu = hal::this_cpu().id();
  if (self.restartable.cpu == cpu) return {};
  self.restartable.cpu = cpu;
  return put_cpu(self, {cpu, cpu});
}

}  // namespace

Result<> register_area(Thread& self, UserAddr address, uint32_t length, uint32_t signature) {
  RestartableArea& area = self.restartable;
  if (area.address) {
    if (area.address != address || length != RestartableArea::size) return err::inval;
    return area.signature == signature ? err::busy : err::perm;
  }
  if (address % RestartableArea::size != 0 || length != RestartableArea::size) return err::inval;
  if (address >= self.memory().layout().user_end - length) return err::fault;
  area = {address, signature, RestartableArea::no_cpu};
  self.add_work(work::sequence);
  return {};
}

Result<> unregister_area(Thread& self, UserAddr address, uint32_t length, uint32_t signature) {
  RestartableArea& area = self.restartable;
  if (!area.address || area.address != address || length != RestartableArea::size) return err::inval;
  if (area.signature != signature) return err::perm;
  TRY(put_cpu(self, {0, RestartableArea::no_cpu}));
  area = {};
  return {};
}

void leave_sequence(Thread& self) {
  self.clear_work(work::sequence);
  if (!self.restartable.address) return;
  Result<> done = move_out(self);
  if (done) done = update_cpu(self);
  if (!done) self.force_signal(SignalInfo{.number = sig::segv, .code = si_code::kernel});
}

}  // namespace halcyon
