#include "core/ipc/signalfd.h"

#include "core/base/lock_guard.h"
#include "core/task/kernel.h"
#include "core/task/process/process.h"

namespace halcyon {

namespace {

// struct signalfd_siginfo, the same on every ISA.
struct SignalRecord {
  uint32_t number;
  int32_t error, code;
  uint32_t pid, uid;
  int32_t fd;
  uint32_t timer_id, band, overrun, trap;
  int32_t status, value_int;
  uint64_t value, user_time, system_time, address;
  uint16_t address_lsb, padding2;
  int32_t syscall;
  uint64_t call_address;
  uint32_t arch;
  uint8_t padding[28];
};
static_assert(sizeof(SignalRecord) == 128);

SignalRecord record_of(const SignalInfo& info) {
  SignalRecord record{};
  record.number = static_cast<uint32_t>(info.number);
  record.error = info.error;
  record.code = info.code;
  if (info.code == si_code::timer) {
    record.timer_id = static_cast<uint32_t>(info.timer_id);
    record.overrun = static_cast<uint32_t>(info.overrun);
    record.value = info.value;
    record.value_int = static_cast<int32_t>(info.value);
    return record;
  }
  if (is_fault(info)) {
    record.address = info.address;
    return record;
  }
  if (is_about_io(info)) {
    record.band = static_cast<uint32_t>(info.band);
    record.fd = info.fd;
    return record;
  }
  record.pid = static_cast<uint32_t>(info.pid);
  record.uid = info.uid;
  if (info.number == sig::chld && info.code > 0) {
    record.status = info.status;
    record.user_time = static_cast<uint64_t>(info.user_time);
    record.system_time = static_cast<uint64_t>(info.system_time);
  } else if (info.code < 0) {
    record.value = info.value;
    record.value_int = static_cast<int32_t>(info.value);
  }
  return record;
}

}  // namespace

void SignalFile::set_mask(SignalSet mask) {
  mask_.store(mask.bits(), std::memory_order_relaxed);
  current_thread().process().signal_event.wake_all();
}

Result<size_t> SignalFile::read(Sink& out) {
  if (out.remaining() < sizeof(SignalRecord)) return err::inval;
  Thread& self = current_thread();
  SignalInfo info;
  size_t done = 0;
  auto take = [&] { return self.take_signal(mask(), &info); };
  while (out.remaining() >= sizeof(SignalRecord)) {
    if (done > 0 || is_nonblocking()) {
      if (!take()) return moved_or(done, Errno::again);
    } else if (!self.process().signal_event.wait_until(take)) {
      return err::restart;
    }
    SignalRecord record = record_of(info);
    auto written = out.write(std::as_bytes(std::span(&record, 1)));
    if (!written || *written < sizeof record) return moved_or(done, Errno::fault);
    done += *written;
  }
  return done;
}

uint32_t SignalFile::poll(PollTable* table) {
  Thread& self = current_thread();
  Process& process = self.process();
  if (table) table->watch(process.signal_event);
  LockGuard guard(process.signal_lock);
  SignalSet pending = self.pending_signals().set() | process.pending.set();
  return (pending & mask()).is_empty() ? 0 : poll::in;
}

}  // namespace halcyon
